package leaderslice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

var markedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func lossesOf(pods ...string) (losses Losses) {
	for i, pod := range pods {
		losses = losses.With(Mark{Pod: types.UID(pod), At: markedAt.Add(time.Duration(i) * time.Second)})
	}
	return losses
}

func TestLossesKeepTheLatestMarks(t *testing.T) {
	losses := lossesOf("a", "b", "c", "d")
	if losses.Count != 4 || len(losses.Marks) != maxMarks || losses.Marks[0].Pod != "b" || losses.Marks[2].Pod != "d" {
		t.Errorf("four losses are kept as %+v, want the last three of them", losses)
	}
	if before := lossesOf("a"); before.With(Mark{Pod: "b"}).Count != 2 || before.Count != 1 || len(before.Marks) != 1 {
		t.Errorf("another loss has changed the value before it: %+v", before)
	}
}

func TestLossesReadBack(t *testing.T) {
	for name, losses := range map[string]Losses{"one": lossesOf("a"), "many": lossesOf("a", "b", "c", "d")} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(losses, parseLosses(LostAnnotation(losses))); diff != "" {
				t.Errorf("losses change when they are written and read (-want +got):\n%s", diff)
			}
		})
	}
	for name, annotation := range map[string]string{
		"nothing": "", "no number": "x;a@2026-03-01T12:00:00Z", "no time": "1;a", "no pod": "1;@2026-03-01T12:00:00Z",
		"a wrong time": "1;a@yesterday", "more marks than moves": "0;a@2026-03-01T12:00:00Z", "a negative count": "-1",
		"too many marks": "4;a@2026-03-01T12:00:00Z;b@2026-03-01T12:00:00Z;c@2026-03-01T12:00:00Z;d@2026-03-01T12:00:00Z",
	} {
		t.Run(name, func(t *testing.T) {
			if got := parseLosses(annotation); !cmp.Equal(got, Losses{}) {
				t.Errorf("%q is read as %+v, want nothing", annotation, got)
			}
		})
	}
}

func TestMarksCountForTwoMinutes(t *testing.T) {
	losses := lossesOf("a", "b")
	for name, test := range map[string]struct {
		after time.Duration
		want  Losses
	}{
		"at once":          {0, losses},
		"while both count": {MarkFor - time.Second, losses},
		"while one counts": {MarkFor, Losses{Count: 2, Marks: losses.Marks[1:]}},
		"later":            {MarkFor + time.Second, Losses{}},
		"long before":      {-time.Hour, Losses{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, losses.Current(markedAt.Add(test.after))); diff != "" {
				t.Errorf("unexpected losses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMovesByVerdictGetRarer(t *testing.T) {
	losses := Losses{}
	if !losses.NextAllowed().IsZero() {
		t.Error("the first move by a verdict is put off")
	}
	for i, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute} {
		losses = losses.With(Mark{Pod: "a", At: markedAt})
		if got := losses.NextAllowed().Sub(markedAt); got != want {
			t.Errorf("after move %d the next may follow after %s, want %s", i+1, got, want)
		}
	}
}
