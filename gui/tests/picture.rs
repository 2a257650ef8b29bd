//! The real program in a real window: starts it on an X server of its own and takes a picture.
//!
//! `cargo test -p kqv-gui --test picture -- --nocapture` says where it wrote `window.png`; copied to
//! `gui/window.png` it is the picture in the README.

#[path = "common/picture.rs"]
mod picture;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use picture::Picture;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, ImageFormat};
use x11rb::rust_connection::RustConnection;

const MISSING: &str = "there is no Xvfb: apt install xvfb libgl1 libgl1-mesa-dri libx11-xcb1 \
                       libxcursor1 libxi6 libxkbcommon-x11-0";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let there = Command::new("Xvfb").arg("-help").output().is_ok();
    let must = std::env::var_os("CI").is_some();
    let mut name = "the_window_opens_and_shows_the_capture".to_owned();
    if !there && !must {
        name = format!("{name} ({MISSING})");
    }
    let trial = Trial::test(
        name,
        move || if there { window() } else { Err(MISSING.into()) },
    );
    let trials = vec![trial.with_ignored_flag(!there && !must)];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Ends the process when the test is over, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The window fills the screen; every part of it shows something, and closing it ends the program.
fn window() -> Result<(), Failed> {
    const WIDTH: u16 = 1600;
    const HEIGHT: u16 = 1000;
    const CORNER: (i16, i16) = (1599, 999);
    let (_server, display) = x_server(WIDTH, HEIGHT)?;
    let (connection, screen) = RustConnection::connect(Some(&display))?;
    let root = connection.setup().roots[screen].root;
    // The pointer starts in the middle, where it would light a cell up.
    connection.warp_pointer(x11rb::NONE, root, 0, 0, 0, 0, CORNER.0, CORNER.1)?;
    connection.flush()?;
    // A start like the first one: nothing was kept, and nothing of the user's is touched.
    let settings = tempfile::tempdir()?;
    let started = Instant::now();
    let mut program = Running(
        Command::new(env!("CARGO_BIN_EXE_kqv"))
            .args(["--size", &format!("{WIDTH}x{HEIGHT}")])
            .env("DISPLAY", &display)
            .env("XDG_CONFIG_HOME", settings.path())
            .env_remove("WAYLAND_DISPLAY")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .spawn()?,
    );
    let picture = loop {
        if let Some(status) = program.0.try_wait()? {
            return Err(format!("the program ended by itself: {status}").into());
        }
        let picture = picture_of(&connection, root, WIDTH, HEIGHT)?;
        if is_whole(&picture) {
            break picture;
        }
        if started.elapsed() > Duration::from_mins(1) {
            let path = picture.save("window-incomplete.png");
            return Err(format!("part of the window stays empty: {}", path.display()).into());
        }
        sleep(Duration::from_millis(20));
    };
    println!("first whole picture after {:?}", started.elapsed());
    println!("{}", picture.save("window.png").display());
    close(&connection, root)?;
    let closing = Instant::now();
    loop {
        match program.0.try_wait()? {
            Some(status) if status.success() => break,
            Some(status) => return Err(format!("it ended with {status}").into()),
            None if closing.elapsed() > Duration::from_secs(20) => {
                return Err("it does not end when its window is closed".into());
            }
            None => sleep(Duration::from_millis(20)),
        }
    }
    let kept = settings.path().join("kqv/session.json");
    if kept.exists() {
        Ok(())
    } else {
        Err(format!("the session was not kept as {}", kept.display()).into())
    }
}

/// Starts Xvfb on a display that is free.
fn x_server(width: u16, height: u16) -> Result<(Running, String), Failed> {
    let mut server = Running(
        Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let stdout = server.0.stdout.take().ok_or("Xvfb has no output")?;
    let mut number = String::new();
    BufReader::new(stdout).read_line(&mut number)?;
    Ok((server, format!(":{}", number.trim())))
}

/// The screen as it is now.
fn picture_of(
    connection: &RustConnection,
    root: u32,
    width: u16,
    height: u16,
) -> Result<Picture, Failed> {
    let image = connection
        .get_image(ImageFormat::Z_PIXMAP, root, 0, 0, width, height, !0)?
        .reply()?;
    let pixels = image.data.chunks_exact(4);
    Ok(Picture {
        width: width.into(),
        height: height.into(),
        rgb: pixels
            .flat_map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]])
            .collect(),
    })
}

/// Commands, sidebar, all seven tables and the inspector have many colours.
fn is_whole(picture: &Picture) -> bool {
    let (w, h) = (picture.width, picture.height);
    let commands = picture.colours(0..w / 3, 0..42) > 20;
    let sidebar = picture.colours(0..230, 42..h) > 60;
    let inspector = picture.colours(240..w, h - 160..h) > 30;
    let tables = picture.colours(240..w, 60..h - 180) > 400;
    commands && sidebar && inspector && tables
}

/// Asks the program's window to close, as a window manager does.
fn close(connection: &RustConnection, root: u32) -> Result<(), Failed> {
    use x11rb::protocol::xproto::{ClientMessageEvent, EventMask};
    let atom = |name: &[u8]| -> Result<u32, Failed> {
        Ok(connection.intern_atom(false, name)?.reply()?.atom)
    };
    let (protocols, delete) = (atom(b"WM_PROTOCOLS")?, atom(b"WM_DELETE_WINDOW")?);
    for window in connection.query_tree(root)?.reply()?.children {
        let message = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
        connection.send_event(false, window, EventMask::NO_EVENT, message)?;
    }
    connection.flush()?;
    Ok(())
}
