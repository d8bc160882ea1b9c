//! `kefu-server`: the desk as a server of its own. All of it is in the library.

fn main() -> std::process::ExitCode {
    kefu_server::command::main()
}
