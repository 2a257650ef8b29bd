//! Arrays of f64, which hold the numbers of every format exactly.

use ndarray::Array2;
use ndarray_npy::WriteNpyExt;
use safetensors::tensor::{Dtype, TensorView};

use super::{ExportError, Sheet};

/// One numpy array, (rows, columns).
pub(super) fn npy(sheet: &Sheet<'_>) -> Result<Vec<u8>, ExportError> {
    let shape = (sheet.table.rows(), sheet.table.columns());
    let array = Array2::from_shape_vec(shape, sheet.values().collect())
        .map_err(|error| ExportError::Make(error.to_string()))?;
    let mut bytes = Vec::new();
    array
        .write_npy(&mut bytes)
        .map_err(|error| ExportError::Make(error.to_string()))?;
    Ok(bytes)
}

/// Every table under its name in lower case, with what there is to say about it in the metadata.
pub(super) fn safetensors(sheets: &[Sheet<'_>]) -> Result<Vec<u8>, ExportError> {
    let make = |error: safetensors::SafeTensorError| ExportError::Make(error.to_string());
    let data: Vec<Vec<u8>> = sheets
        .iter()
        .map(|sheet| sheet.values().flat_map(f64::to_le_bytes).collect())
        .collect();
    let mut tensors = Vec::new();
    let mut about = Vec::new();
    for (sheet, data) in sheets.iter().zip(&data) {
        let name = sheet.name.to_lowercase().replace(' ', "_");
        let shape = vec![sheet.table.rows(), sheet.table.columns()];
        tensors.push((
            name.clone(),
            TensorView::new(Dtype::F64, shape, data).map_err(make)?,
        ));
        about.push((name, sheet.about.to_owned()));
    }
    safetensors::serialize(tensors, Some(about.into_iter().collect())).map_err(make)
}
