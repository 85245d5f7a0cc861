//! Files that a person chose, read into memory.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use wasm_bindgen_futures::JsFuture;

/// What is in a file; none where it cannot be read.
pub async fn bytes(file: &web_sys::File) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// The same in Base64, as commands take it.
pub async fn base64(file: &web_sys::File) -> Option<String> {
    Some(BASE64_STANDARD.encode(bytes(file).await?))
}
