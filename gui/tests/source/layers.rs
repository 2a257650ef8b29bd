//! X and the weights of a layer from a file, whatever its names are; and the sentence where they do not fit.

use kqv_gui::source::{Layer, product};
use ndarray::array;

use crate::files::{check, f32s, folder, npz, open, safetensors};

/// Name, shape, values.
type Array = (&'static str, &'static [usize], Vec<f32>);

/// So many different small numbers, others for another salt.
fn numbers(count: usize, salt: u8) -> Vec<f32> {
    let number = |at: u8| f32::from((at.wrapping_mul(37) ^ salt) % 23) * 0.25 - 2.5;
    (0..u8::try_from(count).unwrap()).map(number).collect()
}

/// X (3, 4) and two heads of W (4, 3), (4, 3), (4, 2), joined by `W_O` (4, 4).
fn layer() -> [Array; 5] {
    [
        ("x", &[3, 4], numbers(12, 1)),
        ("w_q", &[4, 6], numbers(24, 2)),
        ("w_k", &[4, 6], numbers(24, 3)),
        ("w_v", &[4, 4], numbers(16, 4)),
        ("w_o", &[4, 4], numbers(16, 5)),
    ]
}

fn file(arrays: &[Array], metadata: &str) -> Vec<u8> {
    let arrays: Vec<_> = arrays
        .iter()
        .map(|(name, shape, values)| (*name, "F32", *shape, f32s(values)))
        .collect();
    safetensors(&arrays, metadata)
}

const TWO: &str = r#"{"heads":"2","tokens":"[\"a\",\"cat\",\"sat\"]"}"#;

/// As PyTorch has a matrix of this many columns: a row per output.
fn turned(values: &[f32], columns: usize) -> Vec<f32> {
    let column = |column| values.iter().skip(column).step_by(columns).copied();
    (0..columns).flat_map(column).collect()
}

fn opened(bytes: Vec<u8>, name: &str) -> kqv_gui::source::Input {
    let folder = folder(&[(name, bytes)]);
    open(folder.path(), &[name]).unwrap()
}

#[test]
fn q_k_and_v_are_x_times_the_columns_of_their_head() {
    let [x, w_q, .., w_v, w_o] = layer();
    let input = opened(file(&layer(), TWO), "a.safetensors");
    assert_eq!((input.heads, input.width, input.value_width), (2, 3, 2));
    assert_eq!((input.queries, input.keys), (3, 3));
    assert_eq!(input.key_tokens, ["a", "cat", "sat"]);
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&x| x.into()).collect() };
    // All heads beside each other, as a plain product has them.
    for (w, columns, of) in [(&w_q.2, 6, "q"), (&w_v.2, 4, "v")] {
        let all = product(&wide(&x.2), &wide(w), 4, columns);
        for head in 0..2 {
            let here = input.head(0, head);
            let (got, width) = if of == "q" { (here.q, 3) } else { (here.v, 2) };
            for token in 0..3 {
                let from = token * columns + head * width;
                let row = &got[token * width..(token + 1) * width];
                assert_eq!(row, &all[from..from + width], "{of}, head {head}");
            }
        }
    }
    assert_eq!(input.layer.unwrap().w_o, wide(&w_o.2));
}

#[test]
fn the_names_of_pytorch_and_of_numpy_give_the_same_layer() {
    let plain = opened(file(&layer(), TWO), "a.safetensors");
    let [x, w_q, w_k, w_v, w_o] = layer();
    let by_pytorch = |names: [&'static str; 5]| -> Layer {
        let arrays = [
            (names[0], &[1, 3, 4][..], x.2.clone()),
            (names[1], &[6, 4][..], turned(&w_q.2, 6)),
            (names[2], &[6, 4][..], turned(&w_k.2, 6)),
            (names[3], &[4, 4][..], turned(&w_v.2, 4)),
            (names[4], &[4, 4][..], turned(&w_o.2, 4)),
            ("self_attn.q_proj.bias", &[6][..], vec![0.0; 6]),
        ];
        let input = opened(file(&arrays, r#"{"heads":"2"}"#), "a.safetensors");
        input.layer.unwrap()
    };
    for names in [
        [
            "hidden_states",
            "model.layers.0.self_attn.q_proj.weight",
            "model.layers.0.self_attn.k_proj.weight",
            "model.layers.0.self_attn.v_proj.weight",
            "model.layers.0.self_attn.o_proj.weight",
        ],
        [
            "X",
            "attention.self.query.weight",
            "attention.self.key.weight",
            "attention.self.value.weight",
            "attention.output.dense.weight",
        ],
    ] {
        assert_eq!(by_pytorch(names), *plain.layer.as_ref().unwrap());
    }
    // By heads, (H, X, D); numpy has no metadata.
    let heads = |values: &[f32], columns: usize| -> Vec<f32> {
        let half = columns / 2;
        let head = |head: usize| {
            let rows = values.chunks(columns);
            rows.flat_map(move |row| row[head * half..(head + 1) * half].to_vec())
        };
        head(0).chain(head(1)).collect()
    };
    let arrays: [Array; 5] = [
        x.clone(),
        ("W_Q", &[2, 4, 3], heads(&w_q.2, 6)),
        ("W_K", &[2, 4, 3], heads(&w_k.2, 6)),
        ("W_V", &[2, 4, 2], heads(&w_v.2, 4)),
        ("W_O", &[2, 2, 4], w_o.2.clone()),
    ];
    let by_heads = opened(file(&arrays, ""), "a.safetensors");
    assert_eq!(by_heads.layer, plain.layer);
}

#[test]
fn weights_below_each_other_are_taken_apart() {
    let stacked: Vec<f32> = [1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 4.0, 5.0, 0.0, 0.0, 6.0].into();
    let arrays: [Array; 2] = [
        ("x", &[1, 2], vec![1.0, 10.0]),
        ("in_proj_weight", &[6, 2], stacked),
    ];
    let input = opened(file(&arrays, ""), "a.safetensors");
    assert_eq!(
        (input.q, input.k, input.v),
        (vec![1., 20.], vec![3., 40.], vec![5., 60.])
    );
    assert!(input.layer.unwrap().w_o.is_empty());
}

#[test]
fn an_npz_file_of_x_and_weights_opens_too() {
    let one = array![[1.0_f32, 2.0]];
    let arrays = [
        ("X", one.clone()),
        ("W_Q", array![[1.0_f32, 0.0], [0.0, 1.0]]),
        ("W_K", array![[0.0_f32, 1.0], [1.0, 0.0]]),
        ("W_V", array![[3.0_f32], [0.5]]),
    ];
    let input = opened(npz(&arrays), "a.npz");
    assert_eq!(
        (input.q, input.k, input.v),
        (vec![1., 2.], vec![2., 1.], vec![4.])
    );
}

#[test]
fn x_and_weights_that_do_not_fit_are_named_with_their_numbers() {
    let with = |name: &'static str, shape: &'static [usize]| {
        let mut arrays = layer().to_vec();
        arrays.retain(|(other, ..)| *other != name);
        if !shape.is_empty() {
            arrays.push((name, shape, vec![0.5; shape.iter().product()]));
        }
        file(&arrays, TWO)
    };
    let and = |more: Array, metadata: &str| {
        let mut arrays = layer().to_vec();
        arrays.retain(|(other, ..)| *other != more.0);
        arrays.push(more);
        file(&arrays, metadata)
    };
    for (bytes, expect) in [
        (
            with("x", &[12]),
            "X has shape (12,): (tokens, width) is needed, none of them zero",
        ),
        (
            with("w_k", &[]),
            "it has X and no W_K: W_Q, W_K and W_V are needed, or q_proj.weight, k_proj.weight and v_proj.weight",
        ),
        (
            with("w_v", &[7]),
            "W_V has shape (7,): (width of X, columns of all heads) or (heads, width of X, columns) is needed, by PyTorch's names (columns of all heads, width of X)",
        ),
        (
            with("w_q", &[5, 6]),
            "X has 4 columns and W_Q takes 5: the same number is needed",
        ),
        (
            with("w_v", &[4, 5]),
            "W_V makes 5 columns: 2 heads cannot share them evenly",
        ),
        (
            with("w_k", &[4, 8]),
            "W_Q makes 3 columns for a head and W_K 4: a query and a key need the same width",
        ),
        (
            with("w_k", &[3, 4, 3]),
            "W_K has 3 heads and \"heads\" says 2: the same number is needed",
        ),
        (
            and(("w_k", &[2, 4, 3], vec![0.0; 24]), ""),
            "W_Q has 1 heads, W_K has 2 and W_V has 1: the same number is needed in all three",
        ),
        (
            with("w_o", &[4, 5]),
            "W_O has shape (4, 5) as it is multiplied: (4, 4) is needed, the columns of all heads and those of X",
        ),
        (
            and(("b_q", &[6], vec![0.25; 6]), TWO),
            "b_q is not zero, and a layer here has no biases: save the q, k and v that it makes instead",
        ),
        (
            and(("x", &[3, 4], [&[f32::NAN][..], &[0.0; 11]].concat()), TWO),
            "X[0, 0] is NaN: finite numbers are needed",
        ),
        (
            and(("x", &[3, 4], vec![1e38; 12]), TWO),
            "X times W leaves the range of f32: smaller numbers are needed",
        ),
        (
            file(&layer(), r#"{"heads":"two"}"#),
            "\"heads\" is \"two\": a whole number from 1 is needed",
        ),
        (
            file(&layer(), r#"{"tokens":"[\"a\"]"}"#),
            "there are 1 names for 3 tokens: one for each is needed",
        ),
        (
            {
                let [x, ..] = layer();
                let name = ["0.q_proj.weight", "1.q_proj.weight"];
                let two = name.map(|name| (name, &[6, 4][..], vec![0.0; 24]));
                file(&[&[x][..], &two].concat(), "")
            },
            "it has several arrays for W_Q, 0.q_proj.weight, 1.q_proj.weight: one layer is needed",
        ),
    ] {
        check(
            &[("a.safetensors", bytes)],
            &format!("a.safetensors: {expect}"),
        );
    }
}
