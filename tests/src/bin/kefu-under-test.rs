//! The server's program, built beside the tests that start it.

fn main() -> std::process::ExitCode {
    kefu_server::command::main()
}
