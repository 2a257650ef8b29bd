//! What is true of the kernel, one claim a test; the boards have a program of their own.

mod accuracy;
mod errors;
mod exp;
mod golden;
mod identities;
mod laws;
mod masks;
mod observer;
mod support;
mod view;
