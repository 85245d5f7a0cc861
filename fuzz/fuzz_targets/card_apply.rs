#![no_main]

libfuzzer_sys::fuzz_target!(
    // Automerge panics on some inconsistent input. The crate catches that, so it must not end the fuzzer.
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| tendenko_crdt::fuzz::card_apply(bytes)
);
