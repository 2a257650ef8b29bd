//! What is true of the kernel, one claim a test; the boards have a program of their own.

mod accuracy;
mod bodies;
mod chips;
mod errors;
mod exp;
mod golden;
mod grouped;
mod heads;
mod identities;
mod laws;
mod layer;
mod linear;
mod masks;
mod observer;
mod packed;
mod position;
mod support;
mod tiles;
mod view;
