//! Text becomes a number, a block of numbers, or a row of tokens.

use super::error::EditError;

/// Larger numbers cannot be typed: their products would leave the range of f32.
pub const MAX_NUMBER: f64 = 1e9;

/// Numbers beside and below each other, as a spreadsheet copies them.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// At least one.
    pub rows: usize,
    /// At least one.
    pub columns: usize,
    /// Row after row.
    pub values: Vec<f64>,
}

/// One number: `-1.25`, `1e-3`, `1/3`, with a true minus if it must be.
///
/// # Errors
/// [`EditError`], one sentence.
pub fn number(text: &str) -> Result<f64, EditError> {
    let text = text.trim().replace('−', "-");
    let found = || text.chars().take(24).collect::<String>();
    let part = |part: &str| part.trim().parse::<f64>().ok();
    let value = match text.split_once('/') {
        Some((over, under)) => part(over)
            .zip(part(under))
            .map(|(over, under)| over / under),
        None => part(&text),
    };
    match value {
        Some(value) if value.abs() <= MAX_NUMBER => Ok(value + 0.0), // −0 is shown as 0
        Some(value) if !value.is_nan() => Err(EditError::TooLarge { found: found() }),
        _ => Err(EditError::NotANumber { found: found() }),
    }
}

/// A block from the clipboard: tabs, semicolons, commas or spaces between values, one row a line.
/// Where tabs or semicolons separate, a comma is a decimal point.
///
/// # Errors
/// [`EditError`], one sentence.
pub fn block(text: &str) -> Result<Block, EditError> {
    let between = ['\t', ';', ','].into_iter().find(|&c| text.contains(c));
    let mut block = Block {
        rows: 0,
        columns: 0,
        values: Vec::new(),
    };
    for (line, text) in text
        .lines()
        .enumerate()
        .filter(|(_, text)| !text.trim().is_empty())
    {
        let before = block.values.len();
        match between {
            // A trailing tab of an empty last column is dropped; one within a row is a missing number.
            Some(between) => {
                for field in text.trim_end_matches(['\r', between]).split(between) {
                    let field = match between {
                        ',' => field.to_owned(),
                        _ => field.replace(',', "."),
                    };
                    block.values.push(number(field.trim().trim_matches('"'))?);
                }
            }
            None => {
                for field in text.split_whitespace() {
                    block.values.push(number(field)?);
                }
            }
        }
        let values = block.values.len() - before;
        if block.rows > 0 && values != block.columns {
            return Err(EditError::Ragged {
                line: line + 1,
                values,
                others: block.columns,
            });
        }
        block.rows += 1;
        block.columns = values;
    }
    if block.values.is_empty() {
        return Err(EditError::Empty);
    }
    Ok(block)
}

/// A sentence cut at its spaces; a full stop, a comma and their like at the end of a word stand alone.
pub fn tokens(sentence: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for word in sentence.split_whitespace() {
        let bare = word.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let mark = word.strip_prefix(bare).unwrap_or_default();
        let parts = [bare, mark].into_iter().filter(|part| !part.is_empty());
        tokens.extend(parts.map(str::to_owned));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<(usize, usize, Vec<f64>), String> {
        block(text)
            .map(|block| (block.rows, block.columns, block.values))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_number_is_what_people_type() {
        for (text, value) in [
            (" -1.25 ", -1.25),
            ("−2", -2.0),
            ("1e-3", 0.001),
            ("1/4", 0.25),
            ("-0", 0.0),
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        for (text, sentence) in [
            (
                "abc",
                "\"abc\" is no number: type one like -1.25, 1e-3 or 1/3",
            ),
            ("", "\"\" is no number: type one like -1.25, 1e-3 or 1/3"),
            (
                "NaN",
                "\"NaN\" is no number: type one like -1.25, 1e-3 or 1/3",
            ),
            (
                "0/0",
                "\"0/0\" is no number: type one like -1.25, 1e-3 or 1/3",
            ),
            ("1e30", "1e30 is beyond ±1e9: type a smaller number"),
            ("1/0", "1/0 is beyond ±1e9: type a smaller number"),
        ] {
            assert_eq!(
                number(text).map_err(|error| error.to_string()),
                Err(sentence.to_owned())
            );
        }
    }

    #[test]
    fn a_block_is_what_a_spreadsheet_copies() {
        assert_eq!(values("1\t2\r\n3\t4\r\n"), Ok((2, 2, vec![1., 2., 3., 4.])));
        assert_eq!(values("1,5\t-2,5\n"), Ok((1, 2, vec![1.5, -2.5])));
        assert_eq!(values("1,5\n2,5"), Ok((2, 2, vec![1., 5., 2., 5.])));
        assert_eq!(values("0.5 1\n\n2 3"), Ok((2, 2, vec![0.5, 1., 2., 3.])));
        assert_eq!(values("7"), Ok((1, 1, vec![7.])));
    }

    #[test]
    fn a_wrong_block_is_told_in_one_sentence() {
        for (text, sentence) in [
            (
                "",
                "The clipboard holds no numbers: copy a block of cells first",
            ),
            ("1\t2\n3\n", "Line 2 has 1 values, the first has 2"),
            (
                "1\t\t2",
                "\"\" is no number: type one like -1.25, 1e-3 or 1/3",
            ),
            (
                "the cat",
                "\"the\" is no number: type one like -1.25, 1e-3 or 1/3",
            ),
        ] {
            assert_eq!(values(text), Err(sentence.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_sentence_becomes_its_words_and_marks() {
        assert_eq!(
            tokens("The cat sat, on the mat."),
            ["The", "cat", "sat", ",", "on", "the", "mat", "."]
        );
    }
}
