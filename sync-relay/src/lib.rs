//! The relay: stores sealed records, never reads them
