//! Layers for tests: random weights in every arithmetic.

use fastrand::Rng;
use kqv::{Arithmetic, Merge, MultiHead, Rescale, Rotary, Split, W8A16};

/// Six columns, four query heads over two KV heads, D = 4, E = 3, and a bias everywhere.
pub(crate) struct Weights<A: Arithmetic> {
    pub(crate) query: [[[A::Weight; 6]; 4]; 4],
    pub(crate) key: [[[A::Weight; 6]; 4]; 2],
    pub(crate) value: [[[A::Weight; 6]; 3]; 2],
    pub(crate) output: [[[A::Weight; 3]; 4]; 6],
    pub(crate) query_bias: [[A::Bias; 4]; 4],
    pub(crate) key_bias: [[A::Bias; 4]; 2],
    pub(crate) value_bias: [[A::Bias; 3]; 2],
    pub(crate) output_bias: [A::Bias; 6],
}

pub(crate) type Layer<'w, A> = MultiHead<'w, A, 6, 4, 2, 4, 3>;

pub(crate) fn array<N, const L: usize>(mut number: impl FnMut() -> N) -> [N; L] {
    [(); L].map(|()| number())
}

impl<A: Arithmetic> Weights<A> {
    pub(crate) fn new(
        mut weight: impl FnMut() -> A::Weight,
        mut bias: impl FnMut() -> A::Bias,
    ) -> Self {
        let (weight, bias) = (&mut weight, &mut bias);
        Self {
            query: array(|| array(|| array(&mut *weight))),
            key: array(|| array(|| array(&mut *weight))),
            value: array(|| array(|| array(&mut *weight))),
            output: array(|| array(|| array(&mut *weight))),
            query_bias: array(|| array(&mut *bias)),
            key_bias: array(|| array(&mut *bias)),
            value_bias: array(|| array(&mut *bias)),
            output_bias: array(&mut *bias),
        }
    }
}

impl<A: Arithmetic<Weight: Into<f64>, Bias: Into<i64>>> Weights<A> {
    /// The real numbers that integers with these scales stand for.
    pub(crate) fn reals(&self, scales: Scales) -> Weights<f64> {
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        let real = |bias: A::Bias| bias.into() as f64 * scales.weight;
        let weight = |weight: A::Weight| weight.into() * scales.weight;
        let x_bias = |bias: A::Bias| real(bias) * scales.x;
        Weights {
            query: self.query.map(|head| head.map(|row| row.map(weight))),
            key: self.key.map(|head| head.map(|row| row.map(weight))),
            value: self.value.map(|head| head.map(|row| row.map(weight))),
            output: self.output.map(|rows| rows.map(|row| row.map(weight))),
            query_bias: self.query_bias.map(|head| head.map(x_bias)),
            key_bias: self.key_bias.map(|head| head.map(x_bias)),
            value_bias: self.value_bias.map(|head| head.map(x_bias)),
            output_bias: self.output_bias.map(|bias| real(bias) * scales.v),
        }
    }
}

impl<A: Arithmetic<Rescale = ()>> Weights<A> {
    pub(crate) fn layer(&self) -> Layer<'_, A> {
        MultiHead::new(
            Split::new(&self.query).with_bias(&self.query_bias),
            Split::new(&self.key).with_bias(&self.key_bias),
            Split::new(&self.value).with_bias(&self.value_bias),
            Merge::new(&self.output).with_bias(&self.output_bias),
        )
    }
}

/// Scales that use the range: of X, of the weights, of Q, K, V and of the output.
#[derive(Clone, Copy)]
pub(crate) struct Scales {
    pub(crate) x: f64,
    pub(crate) weight: f64,
    pub(crate) q: f64,
    pub(crate) k: f64,
    pub(crate) v: f64,
    pub(crate) y: f64,
}

impl<A: Arithmetic<Rescale = Rescale>> Weights<A> {
    pub(crate) fn quantized(&self, scales: Scales) -> Layer<'_, A> {
        let rescale = |x, y| Rescale::new(x, scales.weight, y).expect("positive");
        MultiHead::quantized(
            Split::quantized(&self.query, rescale(scales.x, scales.q)).with_bias(&self.query_bias),
            Split::quantized(&self.key, rescale(scales.x, scales.k)).with_bias(&self.key_bias),
            Split::quantized(&self.value, rescale(scales.x, scales.v)).with_bias(&self.value_bias),
            Merge::quantized(&self.output, rescale(scales.v, scales.y))
                .with_bias(&self.output_bias),
        )
        .expect("the scales fit together")
    }
}

/// Tokens of i8 in −2..2 and weights in −0.5..0.5; Q, K and V never leave their ranges, and the output
/// leaves −4..4, five times its deviation, hardly ever.
pub(crate) const I8: Scales = Scales {
    x: 1.0 / 64.0,
    weight: 1.0 / 256.0,
    q: 1.0 / 14.0,
    k: 1.0 / 14.0,
    v: 1.0 / 20.0,
    y: 1.0 / 30.0,
};

/// The same numbers, 256 times finer.
pub(crate) const I16: Scales = Scales {
    x: 1.0 / 16_384.0,
    weight: 1.0 / 65_536.0,
    q: 1.0 / 3_584.0,
    k: 1.0 / 3_584.0,
    v: 1.0 / 5_120.0,
    y: 1.0 / 7_680.0,
};

/// Fine tokens, coarse weights.
pub(crate) const MIXED: Scales = Scales {
    weight: 1.0 / 256.0,
    ..I16
};

pub(crate) fn float_weights<A>(rng: &mut Rng) -> Weights<A>
where
    A: Arithmetic<Weight: From<f32>, Bias: From<f32>>,
{
    let mut bias = rng.fork();
    Weights::new(
        || (4.0 * rng.f32() - 2.0).into(),
        || (bias.f32() - 0.5).into(),
    )
}

pub(crate) fn i8_weights(rng: &mut Rng) -> Weights<i8> {
    let mut bias = rng.fork();
    Weights::new(|| rng.i8(..), || bias.i32(-2_000..2_000))
}

pub(crate) fn i16_weights(rng: &mut Rng) -> Weights<i16> {
    let mut bias = rng.fork();
    Weights::new(|| rng.i16(..), || bias.i64(-100_000_000..100_000_000))
}

pub(crate) fn mixed_weights(rng: &mut Rng) -> Weights<W8A16> {
    let mut bias = rng.fork();
    Weights::new(|| rng.i8(..), || bias.i64(-500_000..500_000))
}

/// Holds the generic function `law` up against a layer of every arithmetic, with and without rotary
/// positions of either pairing.
macro_rules! in_every_arithmetic {
    ($seed:expr, $law:ident) => {{
        let mut rng = Rng::with_seed($seed);
        for rotary in [
            None,
            Some(Rotary::new(4, Pairing::Halves).unwrap()),
            Some(Rotary::new(2, Pairing::Adjacent).unwrap()),
        ] {
            let weights = float_weights::<f32>(&mut rng);
            $law(turning(weights.layer(), rotary), || 4.0 * rng.f32() - 2.0);
            let weights = float_weights::<f64>(&mut rng);
            $law(turning(weights.layer(), rotary), || 4.0 * rng.f64() - 2.0);
            let weights = i8_weights(&mut rng);
            $law(turning(weights.quantized(I8), rotary), || rng.i8(..));
            let weights = i16_weights(&mut rng);
            $law(turning(weights.quantized(I16), rotary), || rng.i16(..));
            let weights = mixed_weights(&mut rng);
            $law(turning(weights.quantized(MIXED), rotary), || rng.i16(..));
        }
    }};
}

pub(crate) fn turning<A: Arithmetic>(layer: Layer<'_, A>, rotary: Option<Rotary>) -> Layer<'_, A> {
    rotary.map_or(layer, |rotary| {
        layer.with_rotary(rotary).expect("wide enough")
    })
}

pub(crate) const UNWATCHED: [(); 4] = [(); 4];

pub(crate) use in_every_arithmetic;
