package get

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// columns are those of the table. Columns with a priority are shown with -o wide only.
var columns = []metav1.TableColumnDefinition{
	{Name: "Service", Type: "string", Format: "name"},
	{Name: "Leader", Type: "string"},
	{Name: "Node", Type: "string"},
	{Name: "Successor", Type: "string"},
	{Name: "Term", Type: "integer"},
	{Name: "Since", Type: "string"},
	{Name: "Reason", Type: "string"},
	{Name: "Warnings", Type: "string"},
	{Name: "Leader Service", Type: "string", Priority: 1},
	{Name: "Strategy", Type: "string", Priority: 1},
	{Name: "Drain Window", Type: "string", Priority: 1},
	{Name: "Candidates", Type: "string", Priority: 1},
	{Name: "Slices", Type: "string", Priority: 1},
	{Name: "Revision", Type: "string", Priority: 1},
	{Name: "Watched", Type: "string", Priority: 1},
	{Name: "Asks For", Type: "string", Priority: 1},
}

// Cells without a value.
const (
	none    = "<none>"
	unknown = "<unknown>" // the user may not read it
	pending = "<pending>" // Tanist has not published it yet
)

// table returns the leaders in the form that kubectl's table printer takes.
func table(leaders []status.Leader, now time.Time) *metav1.Table {
	t := &metav1.Table{ColumnDefinitions: slices.Clone(columns)}
	for i := range leaders {
		l := &leaders[i]
		t.Rows = append(t.Rows, metav1.TableRow{Cells: cells(l, now), Object: runtime.RawExtension{Object: service(l)}})
	}
	return t
}

// service returns the metadata of the leader's Service, for printers that print names.
func service(l *status.Leader) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: corev1.SchemeGroupVersion.String(), Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: l.Namespace, Name: l.Service},
	}
}

func cells(l *status.Leader, now time.Time) []any {
	leader := status.Pod{Name: none, Node: none}
	if l.Leader != nil {
		leader = *l.Leader
	}
	return []any{
		l.Service, leaderName(leader), cmp.Or(leader.Node, none), successor(l), term(l), age(l.Since, now), cmp.Or(l.Reason, none), phrases(l.Warnings),
		cmp.Or(l.LeaderService, none), cmp.Or(l.Options.Strategy, unknown), window(l.Leader), candidates(l.Candidates), sliceNames(l.Slices),
		cmp.Or(leader.Revision, none), watched(l), cmp.Or(strings.Join(l.Options.Wishes(), " "), none),
	}
}

// leaderName returns the leader's name, and whether its pod can no longer serve. An EndpointSlice may name such a pod while Tanist is away.
func leaderName(leader status.Pod) string {
	switch leader.State {
	case status.PodGone:
		return leader.Name + isGone
	case status.PodNotReady:
		return leader.Name + isNotReady
	default:
		return leader.Name
	}
}

func successor(l *status.Leader) string {
	if l.SuccessorPending {
		return pending
	}
	return cmp.Or(l.Successor, none)
}

// term returns the term of the leader; 0 is that of no leader.
func term(l *status.Leader) any {
	if l.Term == 0 {
		return none
	}
	return l.Term
}

func age(since *time.Time, now time.Time) string {
	if since == nil {
		return none
	}
	return duration.HumanDuration(now.Sub(*since))
}

func phrases(warnings []status.Warning) string {
	var all []string
	for _, warning := range warnings {
		all = append(all, warning.Phrase)
	}
	return cmp.Or(strings.Join(all, ", "), none)
}

func window(leader *status.Pod) string {
	switch {
	case leader == nil:
		return none
	case leader.OwnPreStop:
		return "own preStop"
	}
	return cmp.Or(leader.DrainWindow, unknown)
}

func candidates(c *status.Candidates) string {
	if c == nil {
		return unknown
	}
	return fmt.Sprintf("%d/%d", c.Ready, c.Total)
}

func watched(l *status.Leader) string {
	switch w := l.Watched; {
	case l.Leader == nil:
		return none
	case w == nil:
		return unknown
	case w.Node && w.Pod:
		return "node+pod"
	case w.Node:
		return "node"
	case w.Pod:
		return "pod"
	}
	return "no"
}

func sliceNames(slices []status.Slice) string {
	var names []string
	for _, slice := range slices {
		names = append(names, slice.Name)
	}
	return cmp.Or(strings.Join(names, ","), none)
}
