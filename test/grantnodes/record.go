package grantnodes

import (
	"fmt"
	"strings"
	"time"
)

// Record says that a pod's grant was valid at some moment between two readings of the clock.
type Record struct {
	// From and To are times of CLOCK_BOOTTIME.
	From, To time.Duration
	Term     int64
	// Pod is the pod's name.
	Pod string
}

// String returns the record as a line without its end.
func (r Record) String() string {
	return fmt.Sprintf("%d %d %d %s", r.From.Nanoseconds(), r.To.Nanoseconds(), r.Term, r.Pod)
}

// Parse reads records, one a line. It leaves out a last line that has no end: its process was killed.
func Parse(text string) ([]Record, error) {
	var all []Record
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") {
			break
		}
		var r Record
		if _, err := fmt.Sscanf(line, "%d %d %d %s\n", &r.From, &r.To, &r.Term, &r.Pod); err != nil {
			return nil, fmt.Errorf("failed to parse record %q: %w", line, err)
		}
		all = append(all, r)
	}
	return all, nil
}
