package leaderslice

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// MarkFor is how long a mark counts at most. Then Kubernetes has noticed a loss itself, if it was one.
	MarkFor = 2 * time.Minute
	// maxMarks is how many marks a slice keeps.
	maxMarks = 3
	// firstLossPause and longestLossPause are the shortest and the longest time between two moves by verdict. It doubles with each move.
	firstLossPause   = 10 * time.Second
	longestLossPause = time.Minute
)

// Losses are the moves by an observer's verdict that a Service had not long ago. The slice has them, so that all replicas agree: a replica
// that has come to no verdict itself must not move the leader back.
type Losses struct {
	// Count is how many such moves there were since there was none for MarkFor.
	Count int
	// Marks are the latest ones, the newest last.
	Marks []Mark
}

// Mark is a pod from which a verdict has moved the leadership.
type Mark struct {
	Pod types.UID
	// At is when, by the API server's clock.
	At time.Time
}

// With returns the losses with another one.
func (l Losses) With(mark Mark) Losses {
	marks := append(slices.Clip(l.Marks), mark)
	return Losses{Count: l.Count + 1, Marks: marks[max(0, len(marks)-maxMarks):]}
}

// Current returns the losses without the marks that no longer count, and without their count if none does. A mark that is further ahead than
// marks count does not either: Tanist writes none, and clocks differ by less.
func (l Losses) Current(now time.Time) Losses {
	var marks []Mark
	for _, mark := range l.Marks {
		if age := now.Sub(mark.At); age < MarkFor && age > -MarkFor {
			marks = append(marks, mark)
		}
	}
	if len(marks) == 0 {
		return Losses{}
	}
	return Losses{Count: l.Count, Marks: marks}
}

// Mark returns the latest mark of a pod.
func (l Losses) Mark(pod types.UID) (mark Mark, found bool) {
	for _, m := range l.Marks {
		if m.Pod == pod {
			mark, found = m, true
		}
	}
	return mark, found
}

// NextAllowed returns from when on a verdict may move the leader again; zero for at once. Replicas that do not hear each other's leaders
// could else move it back and forth.
func (l Losses) NextAllowed() time.Time {
	if len(l.Marks) == 0 {
		return time.Time{}
	}
	pause := firstLossPause
	for range min(l.Count, maxMarks+1) - 1 {
		pause = min(2*pause, longestLossPause)
	}
	return l.Marks[len(l.Marks)-1].At.Add(pause)
}

// LostAnnotation returns the annotation that keeps the losses: <count>;<pod's UID>@<time>;...
func LostAnnotation(losses Losses) string {
	parts := []string{strconv.Itoa(losses.Count)}
	for _, mark := range losses.Marks {
		parts = append(parts, string(mark.Pod)+"@"+mark.At.UTC().Format(SinceLayout))
	}
	return strings.Join(parts, ";")
}

// parseLosses returns the losses that an annotation has; zero if any part of it cannot be parsed.
func parseLosses(annotation string) Losses {
	parts := strings.Split(annotation, ";")
	count, err := strconv.Atoi(parts[0])
	if err != nil || count < len(parts)-1 || len(parts)-1 > maxMarks {
		return Losses{}
	}
	losses := Losses{Count: count}
	for _, part := range parts[1:] {
		pod, at, _ := strings.Cut(part, "@")
		parsed, err := time.Parse(time.RFC3339, at)
		if err != nil || pod == "" {
			return Losses{}
		}
		losses.Marks = append(losses.Marks, Mark{Pod: types.UID(pod), At: parsed})
	}
	return losses
}
