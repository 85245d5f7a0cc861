//! The tablet's engine: encrypted local store, read models, search, sync over quinn
