package report

import (
	"bytes"
	"fmt"
	"io"
)

// logLimit is how much of a log is included, in bytes.
const logLimit = 10 << 20

// tail reads to the end and returns the last lines, at most limit bytes. If it leaves lines out, the first line says so.
func tail(from io.Reader, limit int) ([]byte, error) {
	var kept []byte
	total := 0
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		total += n
		kept = append(kept, buffer[:n]...)
		if len(kept) > 2*limit {
			kept = append(kept[:0], kept[len(kept)-limit:]...)
		}
		switch {
		case err == io.EOF:
			return lastLines(kept, total, limit), nil
		case err != nil:
			return lastLines(kept, total, limit), fmt.Errorf("failed to read to the end: %w", err)
		}
	}
}

func lastLines(kept []byte, total, limit int) []byte {
	if total <= limit {
		return kept
	}
	kept = kept[len(kept)-min(limit, len(kept)):]
	if end := bytes.IndexByte(kept, '\n'); end >= 0 {
		kept = kept[end+1:]
	}
	return append(fmt.Appendf(nil, "(the first %d bytes are left out)\n", total-len(kept)), kept...)
}
