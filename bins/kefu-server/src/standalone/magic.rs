//! What a file is, by its first bytes and by nothing else: neither its name nor what the sender calls it.
//!
//! Whatever could run in a browser (SVG, HTML, scripts) has no bytes of its own here and is refused. A file that
//! is a picture and something else besides is still served as the picture only, with `nosniff`.

/// The first bytes that decide.
pub const HEAD: usize = 32;

/// A kind of file that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
    /// MP3.
    Mp3,
    /// AAC in an MP4 container.
    M4a,
    /// MP4 video.
    Mp4,
    /// PDF.
    Pdf,
}

/// What a kind is used for; each use has its own limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Shown in place.
    Picture,
    /// Played.
    Audio,
    /// Played.
    Video,
    /// Saved.
    Document,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Jpeg, Self::Png, Self::Gif, Self::Webp, Self::Mp3, Self::M4a, Self::Mp4, Self::Pdf];

    /// The kind of a file that begins with these bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"\xff\xd8\xff") {
            return Some(Self::Jpeg);
        }
        // The signature, and then a header chunk of 13 bytes.
        if head.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") {
            return Some(Self::Png);
        }
        if (head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a")) && head.len() >= 13 {
            return Some(Self::Gif);
        }
        if head.starts_with(b"RIFF") && matches!(head.get(8..16), Some(b"WEBPVP8 " | b"WEBPVP8L" | b"WEBPVP8X")) {
            return Some(Self::Webp);
        }
        if head.starts_with(b"%PDF-1.") || head.starts_with(b"%PDF-2.") {
            return Some(Self::Pdf);
        }
        if is_id3(head) || is_mp3_frame(head) {
            return Some(Self::Mp3);
        }
        match (head.get(4..8)?, head.get(8..12)?) {
            (b"ftyp", b"M4A " | b"M4B ") => Some(Self::M4a),
            (
                b"ftyp",
                b"isom" | b"iso2" | b"iso3" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V "
                | b"MSNV" | b"dash" | b"mmp4" | b"3gp4" | b"3gp5",
            ) => Some(Self::Mp4),
            _ => None,
        }
    }

    /// The ending of the name that we choose.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Mp3 => "mp3",
            Self::M4a => "m4a",
            Self::Mp4 => "mp4",
            Self::Pdf => "pdf",
        }
    }

    /// The kind with that ending.
    #[must_use]
    pub fn with_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.extension() == extension)
    }

    /// How it is announced when it is served.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp3 => "audio/mpeg",
            Self::M4a => "audio/mp4",
            Self::Mp4 => "video/mp4",
            Self::Pdf => "application/pdf",
        }
    }

    /// What it is used for.
    #[must_use]
    pub const fn used_as(self) -> Use {
        match self {
            Self::Jpeg | Self::Png | Self::Gif | Self::Webp => Use::Picture,
            Self::Mp3 | Self::M4a => Use::Audio,
            Self::Mp4 => Use::Video,
            Self::Pdf => Use::Document,
        }
    }
}

/// A tag of version 2.2 to 2.4 whose size is written in seven-bit bytes.
fn is_id3(head: &[u8]) -> bool {
    head.starts_with(b"ID3")
        && head.len() >= 10
        && (2..=4).contains(&head[3])
        && head[6..10].iter().all(|byte| *byte < 0x80)
}

/// A frame header of layer III whose fields all have a meaning.
fn is_mp3_frame(head: &[u8]) -> bool {
    let [0xff, second, third, ..] = *head else { return false };
    let (sync, version, layer) = (second & 0xe0, second & 0x18, second & 0x06);
    let (bitrate, rate) = (third & 0xf0, third & 0x0c);
    sync == 0xe0 && version != 0x08 && layer == 0x02 && bitrate != 0xf0 && bitrate != 0 && rate != 0x0c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expected: Option<FileKind>) {
        assert_eq!(FileKind::of(head), expected, "{}", head.escape_ascii());
    }

    #[test]
    fn each_kind_is_known_by_its_bytes() {
        check(b"\xff\xd8\xff\xe0\0\x10JFIF\0", Some(FileKind::Jpeg));
        check(b"\xff\xd8\xff\xe1\0\x10Exif\0", Some(FileKind::Jpeg));
        check(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01", Some(FileKind::Png));
        check(b"GIF89a\x01\0\x01\0\0\0\0", Some(FileKind::Gif));
        check(b"GIF87a\x01\0\x01\0\0\0\0", Some(FileKind::Gif));
        check(b"RIFF\x24\0\0\0WEBPVP8 ", Some(FileKind::Webp));
        check(b"RIFF\x24\0\0\0WEBPVP8X", Some(FileKind::Webp));
        check(b"ID3\x04\0\0\0\0\0\x21TSSE", Some(FileKind::Mp3));
        check(b"\xff\xfb\x90\x64\0\0", Some(FileKind::Mp3));
        check(b"\xff\xf3\x40\xc0", Some(FileKind::Mp3));
        check(b"\0\0\0\x20ftypM4A \0\0\0\0", Some(FileKind::M4a));
        check(b"\0\0\0\x18ftypmp42\0\0\0\0", Some(FileKind::Mp4));
        check(b"\0\0\0\x20ftypisom\0\0\x02\0", Some(FileKind::Mp4));
        check(b"%PDF-1.7\n", Some(FileKind::Pdf));
        check(b"%PDF-2.0\n", Some(FileKind::Pdf));
    }

    #[test]
    fn whatever_a_browser_could_run_is_refused() {
        check(b"<svg xmlns=\"http://www.w3.org/2000/svg\">", None);
        check(b"<?xml version=\"1.0\"?><svg/>", None);
        check(b"<!DOCTYPE html><script>", None);
        check(b"<html>", None);
        check(b"\xef\xbb\xbf<svg/>", None);
        check(b"\xff\xfe<\0s\0v\0g\0", None);
        check(b"\xfe\xff\0<\0s\0v\0g", None);
        check(b"  \n<svg/>", None);
        check(b"alert(1)//GIF89a", None);
        check(b"MZ\x90\0", None);
        check(b"\x7fELF", None);
        check(b"PK\x03\x04", None);
        check(b"#!/bin/sh\n", None);
        check(b"<?php ", None);
    }

    #[test]
    fn near_misses_are_refused() {
        check(b"", None);
        check(b"\xff\xd8", None);
        check(b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", None);
        check(b"\x89PNG\n\x1a\n\0\0\0\rIHDR", None);
        check(b"GIF89a", None);
        check(b"GIF88a\x01\0\x01\0\0\0\0", None);
        check(b"RIFF\x24\0\0\0WAVEfmt ", None);
        check(b"RIFF\x24\0\0\0WEBP<svg", None);
        check(b"ID3<script>alert(1)", None);
        check(b"\xff\xff\xff\xff", None);
        check(b"\xff\xfb\xf0\0", None);
        check(b"\xff\xfe\x90\0", None);
        check(b"\0\0\0\x20ftypheic", None);
        check(b"\0\0\0\x20ftypavif", None);
        check(b"\0\0\0\x20ftyp", None);
        check(b"%PDF", None);
        check(b"%PDF-<script>", None);
        check(b" %PDF-1.7", None);
        check(b"%!PS-Adobe", None);
    }

    #[test]
    fn a_polyglot_is_the_picture_that_it_begins_as_and_never_what_follows() {
        check(b"GIF89a/*\0\0\0\0\0*/=1;alert(1)", Some(FileKind::Gif));
        check(b"\xff\xd8\xff\xe0<script>alert(1)</script>", Some(FileKind::Jpeg));
        assert_eq!(FileKind::Gif.media_type(), "image/gif");
    }

    #[test]
    fn nothing_that_is_kept_can_run() {
        for kind in FileKind::ALL {
            let media = kind.media_type();
            assert!(!media.contains("svg") && !media.contains("html") && !media.contains("script"), "{media}");
            assert_eq!(FileKind::with_extension(kind.extension()), Some(kind));
        }
        for extension in ["svg", "html", "htm", "js", "JPG", "", "jpeg"] {
            assert_eq!(FileKind::with_extension(extension), None, "{extension}");
        }
    }
}
