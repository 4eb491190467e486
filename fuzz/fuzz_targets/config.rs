#![no_main]

#[path = "../../tests/fuzz_harness/mod.rs"]
#[allow(dead_code, reason = "each target is one of its functions")]
mod harness;

libfuzzer_sys::fuzz_target!(|input: &[u8]| harness::config(input));
