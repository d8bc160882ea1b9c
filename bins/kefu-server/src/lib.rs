//! Page to come.
