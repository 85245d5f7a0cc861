//! Sealed records, certificates, keys; sync sessions as sans-I/O state machines. No sockets, no disk
