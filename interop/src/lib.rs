//! JAHIS medication notebook and other exchange formats
