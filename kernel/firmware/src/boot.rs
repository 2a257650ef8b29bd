//! What the boot ROM of a Raspberry Pi Pico wants to find in flash before it starts a program.
#![expect(unsafe_code, reason = "the boot ROM knows places, not names")]

/// The second stage of booting an RP2040, for any flash that the ROM itself can read.
// SAFETY: nothing else is put into this section, and memory.x puts it where the ROM looks.
#[cfg(feature = "pico")]
#[used]
#[unsafe(link_section = ".boot2")]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_GENERIC_03H;

/// "This is a secure program for the Arm cores of an RP2350": the RP2350 datasheet, section 5.9.5.1.
// SAFETY: nothing else is put into this section, and memory.x puts it where the ROM looks.
#[cfg(feature = "pico2")]
#[used]
#[unsafe(link_section = ".image_definition")]
static IMAGE_DEFINITION: [u32; 5] = [
    0xFFFF_DED3, // a block begins
    0x1021_0142, // one word of image type: executable, RP2350, Arm, secure
    0x0000_01FF, // the last item, after one word of items
    0x0000_0000, // the next block is this one
    0xAB12_3579, // the block ends
];
