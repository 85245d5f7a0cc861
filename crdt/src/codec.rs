//! CBOR of stored values: bounded in both directions, tolerant of fields from newer versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_cbor::Value;

use crate::document::DocumentError;

/// Most bytes one stored value may take (32 KiB). A larger edit is refused and changes nothing, so that one record of
/// 64 KiB always has room for it.
pub const MAX_VALUE: usize = 32 * 1024;

/// A newer version may write larger values than we do; beyond this a value is reported as malformed, not decoded.
const MAX_READ: usize = 1024 * 1024;

/// Fields written by a newer version of Tendenko. A value that is read, edited and written keeps them.
///
/// Leave it at its default when creating a value, and carry it over when editing one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Newer(BTreeMap<String, Value>);

impl Newer {
    /// True when every field was known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names of the fields this version does not know.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Encodes a value for storage, refusing one that is over [`MAX_VALUE`].
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, DocumentError> {
    let bytes = serde_cbor::to_vec(value).map_err(|_| DocumentError::Unencodable)?;
    if bytes.len() > MAX_VALUE {
        return Err(DocumentError::ValueTooLarge { bytes: bytes.len(), limit: MAX_VALUE });
    }
    Ok(bytes)
}

/// Decodes a stored value; none when it is malformed. Depth is bounded by the decoder, size here.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    if bytes.len() > MAX_READ {
        return None;
    }
    serde_cbor::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medicine::{Code, Drug};

    #[derive(Serialize)]
    struct FutureDrug {
        name: &'static str,
        code: Option<Code>,
        biosimilar: Vec<(bool, i64, String)>,
        batch: serde_cbor::Value,
    }

    #[test]
    fn fields_of_newer_versions_survive_reading_and_writing() {
        let future = FutureDrug {
            name: "アムロジピン",
            code: None,
            biosimilar: vec![(true, -7, "x".into())],
            batch: Value::Bytes(vec![1, 2]),
        };
        let written: Value = decode(&encode(&future).unwrap()).unwrap();
        let mut drug: Drug = decode(&encode(&future).unwrap()).unwrap();
        assert_eq!(drug.newer.names().collect::<Vec<_>>(), ["batch", "biosimilar"]);
        drug.name = "アムロジピン錠5mg".into();
        let again: Value = decode(&encode(&drug).unwrap()).unwrap();
        let (Value::Map(written), Value::Map(again)) = (written, again) else { panic!("maps") };
        for field in ["biosimilar", "batch"] {
            let field = Value::Text(field.into());
            assert_eq!(written[&field], again[&field]);
        }
    }

    #[test]
    fn a_value_over_the_limit_is_refused() {
        assert!(encode(&"x".repeat(MAX_VALUE - 3)).is_ok());
        assert!(matches!(encode(&"x".repeat(MAX_VALUE)), Err(DocumentError::ValueTooLarge { .. })));
    }

    #[test]
    fn deep_nesting_is_malformed_and_not_a_stack_overflow() {
        assert_eq!(decode::<Value>(&vec![0x81; 500_000]), None);
        assert_eq!(decode::<Drug>(&vec![0x81; 500_000]), None);
    }
}
