mod accounts;
mod files;
