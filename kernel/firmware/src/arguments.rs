//! What the emulator hands to a program: `cargo mps2-an386 --bin count -- -append "i8 128x128x32"`.

use semihosting::experimental::env::args;

/// The longest command line, in bytes, the path of the program included.
const COMMAND_LINE: usize = 512;

/// Whether every argument fulfils `is`; so it is where there are no arguments.
pub fn all_arguments(is: impl Fn(&str) -> bool) -> bool {
    let Ok(arguments) = args::<COMMAND_LINE>() else {
        return true; // a debugger that hands nothing over
    };
    let mut given = arguments.skip(1).flatten(); // the first is the program
    given.all(is)
}
