//! f32 attention on request, timed: what `onnxruntime.py` drives.
//!
//! One request a line on standard input, one answer on standard output:
//!
//! - `peak`: the most multiply-adds in a second, one rounding after each, in billions.
//! - `shape T S D causal|full`, then Q, K and V as little-endian f32: sets the problem.
//! - `run N`: attends N times; nanoseconds.
//! - `output`: the output (T, D) as little-endian f32.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Read, Write, stdin, stdout};
use std::time::Instant;

use kqv::{Attention, Float, Qkv, View, attend_view, fast_scratch_cells};
use kqv_benches::peak::multiply_adds_per_second;

/// One head and the memory to run it: Q and output (T, D), K and V (S, D).
#[derive(Default)]
struct Head {
    shape: [usize; 3],
    attention: Attention,
    inputs: [Vec<f32>; 3],
    scratch: Vec<f32>,
    output: Vec<f32>,
}

impl Head {
    fn read(words: &[&str], from: &mut impl Read) -> Result<Self, Box<dyn Error>> {
        let [t, s, d, mask] = words else {
            return Err("`shape` takes T, S, D and `causal` or `full`".into());
        };
        let [t, s, d] = [t.parse()?, s.parse()?, d.parse()?];
        let mut inputs = [t * d, s * d, s * d].map(|values| vec![0.0; values]);
        for value in inputs.iter_mut().flatten() {
            let mut bytes = [0; 4];
            from.read_exact(&mut bytes)?;
            *value = f32::from_le_bytes(bytes);
        }
        Ok(Self {
            shape: [t, s, d],
            attention: if *mask == "causal" {
                Attention::CAUSAL
            } else {
                Attention::FULL
            },
            inputs,
            scratch: vec![0.0; fast_scratch_cells(s, d)],
            output: vec![0.0; t * d],
        })
    }

    fn attend(&mut self) -> Result<(), Box<dyn Error>> {
        let [t, s, d] = self.shape;
        let [q, k, v] = &self.inputs;
        let qkv = Qkv::new(
            View::new(q, t, d)?,
            View::new(k, s, d)?,
            View::new(v, s, d)?,
        )?;
        let format = Float::<f32>::FORMAT;
        let (scratch, output) = (&mut self.scratch, &mut self.output);
        attend_view(format, qkv, self.attention, scratch, output, ())?;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut requests, mut answers) = (stdin().lock(), stdout().lock());
    let mut head = Head::default();
    let mut line = String::new();
    while requests.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["peak"] => writeln!(answers, "{}", multiply_adds_per_second() / 1e9)?,
            ["shape", words @ ..] => head = Head::read(words, &mut requests)?,
            ["run", times] => {
                let times: u32 = times.parse()?;
                let start = Instant::now();
                for _ in 0..times {
                    black_box(&mut head).attend()?;
                }
                writeln!(answers, "{}", start.elapsed().as_nanos())?;
            }
            ["output"] => {
                for value in &head.output {
                    answers.write_all(&value.to_le_bytes())?;
                }
            }
            _ => return Err(format!("{line:?} is no request").into()),
        }
        answers.flush()?;
        line.clear();
    }
    Ok(())
}
