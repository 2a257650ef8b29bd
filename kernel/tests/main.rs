//! What is true of the kernel, one claim a test; the boards have a program of their own.

mod accuracy;
mod errors;
mod exp;
mod golden;
mod identities;
mod heads;
mod laws;
mod masks;
mod linear;
mod observer;
mod position;
mod support;
mod view;
