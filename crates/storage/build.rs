//! Migrations are read while compiling, and the tests on MySQL exist only where one is named: Cargo has to be
//! told of both.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
    println!("cargo:rerun-if-env-changed=KEFU_TEST_MYSQL_URL");
    println!("cargo:rustc-check-cfg=cfg(kefu_test_mysql)");
    if std::env::var_os("KEFU_TEST_MYSQL_URL").is_some() {
        println!("cargo:rustc-cfg=kefu_test_mysql");
    }
}
