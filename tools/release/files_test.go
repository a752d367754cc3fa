package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// entry is what a file in an archive has.
type entry struct {
	Name, Content string
	Mode          int64
	Time          time.Time
}

func TestArchivesHaveTheContentTheModeAndTheTimeOfTheCommit(t *testing.T) {
	date := example(t).date
	files := []file{{"program", 0o755, []byte("a program")}, {"LICENSE", 0o644, []byte("a licence")}}
	want := []entry{{"program", "a program", 0o755, date}, {"LICENSE", "a licence", 0o644, date}}

	var compressed bytes.Buffer
	if err := writeTarGz(&compressed, files, date); err != nil {
		t.Fatal(err)
	}
	uncompressed, err := gzip.NewReader(&compressed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, untar(t, uncompressed)); diff != "" {
		t.Errorf("unexpected content of the tar file (-want +got):\n%s", diff)
	}

	var zipped bytes.Buffer
	if err := writeZip(&zipped, files, date); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, unzip(t, zipped.Bytes())); diff != "" {
		t.Errorf("unexpected content of the zip file (-want +got):\n%s", diff)
	}
}

func untar(t *testing.T, in io.Reader) (all []entry) {
	t.Helper()
	for r := tar.NewReader(in); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{header.Name, string(content), header.Mode, header.ModTime.UTC()})
	}
}

func unzip(t *testing.T, in []byte) (all []entry) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		opened, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{f.Name, string(content), int64(f.Mode().Perm()), f.Modified.UTC()})
	}
	return all
}
