//! Shapes that do not fit are refused with one sentence, and nothing is written.

use kqv::{Attention, Float, Qkv, Quantized, ShapeError, View, attend_view};

const FORMAT: Float<f32> = Float::<f32>::FORMAT;

#[test]
fn a_sentence_says_what_is_wrong_and_what_would_be_right() {
    let check = |error: ShapeError, sentence: &str| assert_eq!(error.to_string(), sentence);
    let zeros = [0.0_f32; 12];
    let view = |rows, columns| View::new(&zeros[..rows * columns], rows, columns).unwrap();

    check(
        View::new(&zeros, 5, 2).unwrap_err(),
        "12 values cannot be 5 rows of 2 columns",
    );
    check(
        View::new(&zeros, usize::MAX, 2).unwrap_err(),
        &format!("12 values cannot be {} rows of 2 columns", usize::MAX),
    );
    check(
        Qkv::new(view(1, 3), view(2, 4), view(2, 2)).unwrap_err(),
        "Q has 3 columns and K has 4: a query and a key need the same width",
    );
    check(
        Qkv::new(view(1, 3), view(2, 3), view(3, 2)).unwrap_err(),
        "K has 2 rows and V has 3: every key needs one row of values",
    );

    let qkv = Qkv::new(view(1, 3), view(2, 3), view(2, 4)).unwrap();
    let attend = |scratch: &mut [f32], output: &mut [f32]| {
        attend_view(FORMAT, qkv, Attention::FULL, scratch, output, ()).unwrap_err()
    };
    check(
        attend(&mut [0.0], &mut [0.0; 4]),
        "The scratch row has 1 cells: one for each of the 2 keys is needed",
    );
    let mut output = [7.0; 3];
    check(
        attend(&mut [0.0; 2], &mut output),
        "The output has room for 3 values: 1 queries by 4 columns of V are needed",
    );
    assert_eq!(output, [7.0; 3]);
}

#[test]
fn what_could_overflow_an_integer_sum_is_refused() {
    let format = Quantized::<i8>::from_fraction_bits(4, 4, 5).unwrap();
    let wide = vec![0_i8; 65_537];
    let row = View::new(&wide, 1, wide.len()).unwrap();
    let qkv = Qkv::new(row, row, View::new(&wide[..1], 1, 1).unwrap()).unwrap();
    let error = attend_view(format, qkv, Attention::FULL, &mut [0], &mut [0], ());
    let sentence = "Q and K have 65537 columns: this format takes at most 65536";
    assert_eq!(error.unwrap_err().to_string(), sentence);

    let long = vec![0_i8; (1 << 17) + 1];
    let column = View::new(&long, long.len(), 1).unwrap();
    let qkv = Qkv::new(View::new(&long[..1], 1, 1).unwrap(), column, column).unwrap();
    let error = attend_view(format, qkv, Attention::FULL, &mut [], &mut [0], ());
    let sentence = "There are 131073 keys: this format takes at most 131072";
    assert_eq!(error.unwrap_err().to_string(), sentence);
}

#[test]
fn a_scale_is_positive_and_finite() {
    for (q, sentence) in [
        (
            0.0,
            "The scale of Q is 0: a positive, finite number is needed",
        ),
        (
            -1.0,
            "The scale of Q is -1: a positive, finite number is needed",
        ),
        (
            f64::NAN,
            "The scale of Q is NaN: a positive, finite number is needed",
        ),
        (
            f64::INFINITY,
            "The scale of Q is inf: a positive, finite number is needed",
        ),
    ] {
        let error = Quantized::<i8>::new(q, 1.0, 1.0).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
    assert!(Quantized::<i16>::from_fraction_bits(0, 0, i32::MIN).is_err());
    assert!(Quantized::<i16>::from_fraction_bits(0, 2_000, 0).is_err());
}

#[test]
fn quantising_rounds_to_the_nearest_and_says_where_it_saturates() {
    let check = |real: f64, integer: i8| assert_eq!(kqv::quantize::<i8>(real, 0.25), Ok(integer));
    check(0.0, 0);
    check(0.125, 0); // a tie goes to the even neighbour
    check(0.375, 2);
    check(-0.3, -1);
    check(31.8, 127);
    check(-32.1, -128);
    let beyond = |real| kqv::quantize::<i8>(real, 0.25).unwrap_err();
    assert_eq!(
        (beyond(31.9).end, beyond(-1e9).end, beyond(f64::NAN).end),
        (127, -128, 0)
    );
    assert_eq!(
        beyond(1e9).to_string(),
        "The number lies beyond the range of its format, which ends at 127"
    );
}
