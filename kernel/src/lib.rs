//! kqv.
#![no_std]
