#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tendenko_protocol::fuzz::paper(bytes));
