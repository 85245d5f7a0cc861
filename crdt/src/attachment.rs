//! 添付: a photo or document that the chart mentions. The content lies outside, in sealed chunks; the chart names them.
//!
//! The reference says everything needed to know the content again: its hash and the ids of its chunks, in order. Who holds a
//! chart can fetch the chunks from anyone who has them, and see whether they are the right ones.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_bytes::ByteBuf;

use crate::codec::Newer;
use crate::ids::{EntryId, Timestamp};

/// Most bytes of a thumbnail. With the ids of the chunks of the largest attachment it stays within [`crate::MAX_VALUE`].
pub const MAX_THUMBNAIL: usize = 14 * 1024;
/// Most chunks one reference names.
pub const MAX_CHUNKS: usize = 509;
/// Most bytes of a file name.
pub const MAX_FILE_NAME: usize = 255;
/// Most bytes of a media type.
const MAX_MEDIA_TYPE: usize = 127;

/// 添付: the reference to a photo or document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name in the headers of its chunks.
    pub attachment: AttachmentName,
    /// Media type as whoever attached it says (RFC 6838), for example `image/jpeg`. Nothing is opened by it unlooked.
    pub media_type: MediaType,
    /// File name, without any folder.
    pub file_name: FileName,
    /// Bytes of the whole.
    pub size: u64,
    /// SHA-256 of the whole.
    pub sha256: Digest,
    /// Ids of its chunks, in order.
    pub chunks: ChunkNames,
    /// A small picture of it, to be shown before the chunks are here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<Thumbnail>,
    /// When the picture was taken or the document written, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    /// In the writer's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caption: String,
    /// The entry it belongs to, for example the visit at which it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<EntryId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// Something in a reference is longer than references are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} of an attachment takes at most {limit} bytes, not {bytes}")]
pub struct TooLong {
    /// What.
    pub what: &'static str,
    /// Bytes given.
    pub bytes: usize,
    /// Bytes allowed.
    pub limit: usize,
}

fn bounded<T: AsRef<[u8]>>(what: &'static str, value: T, limit: usize) -> Result<T, TooLong> {
    let bytes = value.as_ref().len();
    if bytes <= limit { Ok(value) } else { Err(TooLong { what, bytes, limit }) }
}

macro_rules! short_text {
    ($(#[$meta:meta])* $name:ident, $what:literal, $limit:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TooLong;

            fn try_from(text: String) -> Result<Self, TooLong> {
                bounded($what, text, $limit).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }
    };
}

short_text!(
    /// A media type, at most 127 bytes.
    MediaType, "media type", MAX_MEDIA_TYPE
);
short_text!(
    /// A file name, at most [`MAX_FILE_NAME`] bytes.
    FileName, "file name", MAX_FILE_NAME
);

/// A small picture, at most [`MAX_THUMBNAIL`] bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ByteBuf", into = "ByteBuf")]
pub struct Thumbnail(Vec<u8>);

impl Thumbnail {
    /// Takes the bytes of a small picture.
    pub fn new(bytes: Vec<u8>) -> Result<Self, TooLong> {
        bounded("thumbnail", bytes, MAX_THUMBNAIL).map(Self)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<ByteBuf> for Thumbnail {
    type Error = TooLong;

    fn try_from(bytes: ByteBuf) -> Result<Self, TooLong> {
        Self::new(bytes.into_vec())
    }
}

impl From<Thumbnail> for ByteBuf {
    fn from(thumbnail: Thumbnail) -> ByteBuf {
        ByteBuf::from(thumbnail.0)
    }
}

impl fmt::Debug for Thumbnail {
    /// Without content: safe for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbnail({} bytes)", self.0.len())
    }
}

macro_rules! bytes {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = ByteBuf::deserialize(deserializer)?;
                let length = bytes.len();
                let fixed = bytes.into_vec().try_into().map_err(|_| de::Error::invalid_length(length, &stringify!($len)))?;
                Ok(Self(fixed))
            }
        }
    };
}

bytes!(
    /// An attachment's name: 16 random bytes.
    AttachmentName, 16
);
bytes!(
    /// A SHA-256.
    Digest, 32
);

/// Ids of chunks in order, 1 to [`MAX_CHUNKS`]; stored as one byte string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkNames(Vec<Digest>);

impl ChunkNames {
    /// Takes the ids in order; none when there are none, or too many.
    pub fn new(names: Vec<Digest>) -> Option<Self> {
        (1..=MAX_CHUNKS).contains(&names.len()).then_some(Self(names))
    }

    /// The ids in order.
    pub fn as_slice(&self) -> &[Digest] {
        &self.0
    }
}

impl Serialize for ChunkNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|name| name.0).collect();
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for ChunkNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(deserializer)?;
        let (names, rest) = bytes.as_chunks::<32>();
        let names = names.iter().copied().map(Digest).collect();
        let names = if rest.is_empty() { Self::new(names) } else { None };
        names.ok_or_else(|| de::Error::invalid_length(bytes.len(), &"1 to 509 times 32 bytes"))
    }
}
