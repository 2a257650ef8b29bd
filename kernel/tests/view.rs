//! Rows of a matrix in one piece of memory or two.

use kqv::View;

#[test]
fn two_pieces_are_one_matrix() {
    let (head, tail) = ([[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9]]);
    let view = View::in_two_pieces(&head, &tail);
    let rows = |view: View<'_, i32>| view.iter_rows().map(<[_]>::to_owned).collect::<Vec<_>>();
    let all = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]];
    assert_eq!(rows(view), all);
    for start in 0..=5 {
        for end in start..=5 {
            assert_eq!(rows(view.rows_between(start..end)), all[start..end]);
        }
    }
    assert_eq!(rows(view.rows_between(3..9)), all[3..]);
    assert!(view.row(5).is_empty() && view.row(usize::MAX).is_empty());
}

#[test]
fn rows_without_columns_are_still_rows() {
    let view = View::<f32>::new(&[], 3, 0).unwrap();
    assert_eq!(view.iter_rows().count(), 3);
    assert_eq!(view.rows_between(1..3).rows(), 2);
}
