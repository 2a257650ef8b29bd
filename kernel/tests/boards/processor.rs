//! A processor with AVX-512, which the one here may lack: Bochs emulates it, Linux starts there, and its first process is
//! the program of the kernel's own tests.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::tools::{Failed, missing_program, read_until, run_patiently};

/// Those that hold the bodies against the naive loop to the bit, and the one that says that the vectors are in use.
const TESTS: [&str; 8] = [
    "bodies::a_mask_that_points_beyond_the_keys_sees_those_that_exist",
    "bodies::a_processor_with_vectors_uses_them",
    "bodies::an_observer_is_shown_the_same_bits_on_every_body",
    "bodies::any_scratch_from_one_row_on_gives_the_same_bits",
    "bodies::every_mask_bias_and_cap_has_the_bits_of_the_naive_loop_on_every_body",
    "bodies::odd_sizes_have_the_bits_of_the_naive_loop_on_every_body",
    "bodies::what_is_not_finite_spoils_the_same_numbers_on_every_body",
    "grouped::heads_of_a_group_have_the_bits_of_heads_one_by_one",
];

/// Linux, too, takes its time where every instruction is emulated.
const PATIENCE: Duration = Duration::from_mins(20);

/// The image of a Linux kernel whose console can be a serial port.
const LINUX: &str = "KQV_LINUX";

/// Where Debian keeps what starts Linux from a CD,
const LOADER: [&str; 2] = [
    "/usr/lib/ISOLINUX/isolinux.bin",
    "/usr/lib/syslinux/modules/bios/ldlinux.c32",
];
/// what the emulated machine itself starts from,
const BIOS: [&str; 2] = [
    "/usr/share/bochs/BIOS-bochs-latest",
    "/usr/share/bochs/VGABIOS-lgpl-latest",
];
/// and the packages of these.
const PACKAGES: [&str; 4] = ["isolinux", "syslinux-common", "bochsbios", "vgabios"];

/// What Linux is told, and its first process: the name of the body. Bochs lies about the size of a compacted save area, and Linux then does without AVX: it may not
/// compact (XSAVEC and XSAVES are bits 321 and 323 of what the processor can).
const OPTIONS: &str =
    "console=ttyS0 quiet nokaslr mitigations=off clearcpuid=321,323 panic=-1 KQV_BODY=Avx512";

/// What to install first, if anything.
pub(crate) fn missing() -> Option<String> {
    let Some(linux) = std::env::var_os(LINUX) else {
        return Some(format!(
            "{LINUX} is needed: the path of a Linux kernel (vmlinuz)"
        ));
    };
    if let Err(error) = File::open(&linux) {
        let linux = linux.display();
        return Some(format!(
            "{LINUX} is {linux}, which cannot be read ({error}): the path of a Linux kernel is needed"
        ));
    }
    let mut programs = ["bochs-bin", "cpio", "xorriso", "ldd", "strip"].into_iter();
    let mut files = LOADER.into_iter().chain(BIOS).zip(PACKAGES);
    programs.find_map(missing_program).or_else(|| {
        let (file, package) = files.find(|(file, _)| !Path::new(file).exists())?;
        Some(format!("{file} is needed: apt install {package}"))
    })
}

/// Every law of bits that the kernel's tests know, on AVX-512.
pub(crate) fn has_the_bits_of_the_naive_loop() -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("processor");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let (root, disc) = (folder.join("root"), folder.join("disc"));
    fill_root(&root, &tests_program()?)?;
    fs::create_dir_all(&disc)?;
    pack(&root, &disc.join("initrd"))?;
    fill_disc(&disc)?;
    let image = folder.join("disc.iso");
    run_patiently(
        Command::new("xorriso")
            .args([
                "-as",
                "mkisofs",
                "-quiet",
                "-b",
                "isolinux.bin",
                "-c",
                "boot.cat",
            ])
            .args([
                "-no-emul-boot",
                "-boot-load-size",
                "4",
                "-boot-info-table",
                "-o",
            ])
            .args([&image, &disc]),
    )?;
    let printed = start(&folder, &image)?;
    // When its first process ends Linux gives up, and says with what.
    let passed = printed.contains(&format!("running {} tests", TESTS.len()))
        && printed.contains("exitcode=0x00000000");
    if passed { Ok(()) } else { Err(printed.into()) }
}

/// The program of the kernel's tests, with the features that it has in `cargo test --workspace`.
fn tests_program() -> Result<PathBuf, Failed> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--workspace", "--test", "kernel", "--no-run"]);
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output()?;
    let said = String::from_utf8_lossy(&built.stderr);
    // "Executable tests/main.rs (target/debug/deps/kernel-0123456789abcdef)"
    let program = said
        .rsplit_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    match program {
        Some((program, _)) if built.status.success() => Ok(Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(program)),
        _ => Err(said.into_owned().into()),
    }
}

/// The tests as the first process, and the libraries that they load.
fn fill_root(root: &Path, program: &Path) -> Result<(), Failed> {
    fs::create_dir_all(root)?;
    let stripped = root.join("init");
    run_patiently(Command::new("strip").arg("-o").arg(&stripped).arg(program))?;
    let loaded = run_patiently(Command::new("ldd").arg(program))?;
    let libraries = loaded
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    for library in libraries {
        let copy = root.join(library.trim_start_matches('/'));
        fs::create_dir_all(copy.parent().ok_or("no folder")?)?;
        fs::copy(library, copy)?;
    }
    Ok(())
}

/// A folder as the archive that Linux unpacks at its start.
fn pack(root: &Path, archive: &Path) -> Result<(), Failed> {
    let names = run_patiently(Command::new("find").arg(".").current_dir(root))?;
    let mut cpio = Command::new("cpio")
        .args(["-o", "-H", "newc", "--quiet"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(File::create(archive)?)
        .spawn()?;
    cpio.stdin
        .take()
        .ok_or("no input")?
        .write_all(names.as_bytes())?;
    if cpio.wait()?.success() {
        Ok(())
    } else {
        Err("cpio failed".into())
    }
}

/// Linux, and what starts it.
fn fill_disc(disc: &Path) -> Result<(), Failed> {
    let linux = std::env::var_os(LINUX).ok_or(LINUX)?;
    fs::copy(linux, disc.join("vmlinuz"))?;
    for file in LOADER {
        let name = Path::new(file).file_name().ok_or("no name")?;
        fs::copy(file, disc.join(name))?;
    }
    let start = format!(
        "default tests\nprompt 0\nlabel tests\nkernel vmlinuz\ninitrd initrd\n\
         append {OPTIONS} -- --exact {} --test-threads=1\n",
        TESTS.join(" ")
    );
    Ok(fs::write(disc.join("isolinux.cfg"), start)?)
}

/// What the serial port said up to the end.
fn start(folder: &Path, image: &Path) -> Result<String, Failed> {
    let (image, log) = (image.display(), folder.join("bochs.log"));
    let settings = format!(
        "display_library: rfb, options=\"timeout=0\"\n\
         cpu: model=corei7_skylake_x, ips=100000000\n\
         megs: 512\n\
         romimage: file={}\n\
         vgaromimage: file={}\n\
         ata0-master: type=cdrom, path={image}, status=inserted\n\
         boot: cdrom\n\
         com1: enabled=1, mode=file, dev=/dev/stdout\n\
         sound: driver=dummy\n\
         log: {}\n",
        BIOS[0],
        BIOS[1],
        log.display()
    );
    let file = folder.join("bochsrc");
    fs::write(&file, settings)?;
    let go = folder.join("go");
    fs::write(&go, "continue\n")?; // Debian's has a debugger, which waits to be told
    let mut bochs = Command::new("bochs-bin");
    bochs.arg("-q").arg("-f").arg(file).stdin(File::open(go)?);
    read_until(&mut bochs, PATIENCE, |line| line.contains("Kernel panic"))
}
