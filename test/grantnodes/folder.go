package grantnodes

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Folder reads the records that pods write into the files of a folder. It reads each line once: whoever asks while a hand-over is measured must not
// take the CPU from it.
type Folder struct {
	Path string

	// read is how much of each file has been read.
	read map[string]int64
	all  []Record
}

// Records returns what has been written until now. What earlier calls returned stays in front.
func (f *Folder) Records() ([]Record, error) {
	files, err := os.ReadDir(f.Path)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := f.readOn(file.Name()); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
	}
	return f.all, nil
}

// readOn reads the lines that have been added to a file. A last line without an end is left for the next time.
func (f *Folder) readOn(name string) error {
	file, err := os.Open(filepath.Join(f.Path, name))
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(f.read[name], io.SeekStart); err != nil {
		return err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	added, err := Parse(string(text))
	if err != nil {
		return err
	}
	if f.read == nil {
		f.read = map[string]int64{}
	}
	f.read[name] += int64(len(text))
	f.all = append(f.all, added...)
	return nil
}
