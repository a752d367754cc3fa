package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// file is a file in an archive.
type file struct {
	name    string
	mode    int64
	content []byte
}

// readLegal reads the files that a binary must come with.
func readLegal(root string) (legal []file, err error) {
	for _, name := range []string{"LICENSE", "NOTICE", "THIRD_PARTY"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		legal = append(legal, file{name, 0o644, content})
	}
	return legal, nil
}

// writeTar writes the files, all of one time and of no user of this machine.
func writeTar(out io.Writer, files []file, date time.Time) error {
	w := tar.NewWriter(out)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: date, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return fmt.Errorf("failed to archive %s: %w", f.name, err)
		}
		if _, err := w.Write(f.content); err != nil {
			return fmt.Errorf("failed to archive %s: %w", f.name, err)
		}
	}
	return w.Close()
}

func writeTarGz(out io.Writer, files []file, date time.Time) error {
	w := gzip.NewWriter(out)
	return errors.Join(writeTar(w, files, date), w.Close())
}

func writeZip(out io.Writer, files []file, date time.Time) error {
	w := zip.NewWriter(out)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: date}
		header.SetMode(os.FileMode(f.mode))
		entry, err := w.CreateHeader(header)
		if err == nil {
			_, err = entry.Write(f.content)
		}
		if err != nil {
			return fmt.Errorf("failed to archive %s: %w", f.name, err)
		}
	}
	return w.Close()
}

// writeFile creates a file and has a function write it.
func writeFile(path string, write func(io.Writer) error) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(out), out.Close())
}
