//! The typed commands and view types that the interface and the shell share
