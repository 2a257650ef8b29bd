//! Where a narrower accumulator would have left its range.
//!
//! The kernel's sums are exact and cannot saturate. Code that adds the same products in 16 or 32
//! bits can: this says at which term, so that such code can be put beside this one.

use super::numbers::Numbers;

/// Where the running sum of a dot product first leaves the range of an accumulator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overflow {
    /// The term, counted from zero: its column of Q and K.
    pub term: usize,
    /// The running sum with that term, in steps of Q times steps of K.
    pub sum: f64,
}

/// The first term of q·k, (D) each as the format holds them, at which an accumulator of `bits` bits
/// would overflow; `None` if it would not, or for floats.
///
/// Sums of products of integers up to 16 bits are exact in f64 for D up to 2^22.
pub fn leaves_range(numbers: Numbers, q: &[f64], k: &[f64], bits: u8) -> Option<Overflow> {
    let [q_step, k_step, _] = numbers.steps()?;
    let end = 2.0_f64.powi(i32::from(bits) - 1);
    let mut sum = 0.0;
    for (term, (q, k)) in q.iter().zip(k).enumerate() {
        sum += (q / q_step).round() * (k / k_step).round();
        if sum >= end || sum < -end {
            return Some(Overflow { term, sum });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_end_at_32767() {
        let numbers = Numbers::I8([0.5, 0.25, 1.0]);
        let (q, k) = ([63.5; 4], [31.75; 4]); // 127 and 127 as integers: 16,129 a term
        let overflow = leaves_range(numbers, &q, &k, 16);
        assert_eq!(
            overflow,
            Some(Overflow {
                term: 2,
                sum: 48_387.0
            })
        );
        assert_eq!(leaves_range(numbers, &q[..2], &k, 16), None);
        assert_eq!(leaves_range(numbers, &q, &k, 32), None);
        assert_eq!(leaves_range(Numbers::F32, &q, &k, 16), None);
    }

    #[test]
    fn three_largest_products_of_sixteen_bits_leave_32() {
        let numbers = Numbers::I16([1.0; 3]);
        let most = [-32_768.0; 3];
        let overflow = leaves_range(numbers, &most, &most, 32);
        assert_eq!(overflow.map(|overflow| overflow.term), Some(1)); // 2^30 + 2^30 = 2^31
    }
}
