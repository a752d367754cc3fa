package dashboard

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard/page"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// rowsOf returns rows of namespace shop, by name and leader.
func rowsOf(namesAndLeaders ...string) []page.Row {
	var rows []page.Row
	for i := 0; i < len(namesAndLeaders); i += 2 {
		rows = append(rows, page.Row{Status: status.Leader{
			Namespace: "shop", Service: namesAndLeaders[i], Leader: &status.Pod{Name: namesAndLeaders[i+1]},
		}})
	}
	return rows
}

// told is an update in a short form.
type told struct {
	All, Head  bool
	Rows, Gone []string
}

func short(t *testing.T, u update) told {
	t.Helper()
	s := told{All: u.All, Head: u.Head != nil, Gone: u.Gone}
	for _, text := range u.Rows {
		var row page.Row
		if err := json.Unmarshal(text, &row); err != nil {
			t.Fatal(err)
		}
		s.Rows = append(s.Rows, row.Status.Service+" "+row.Status.Leader.Name)
	}
	slices.Sort(s.Rows)
	return s
}

func TestABrowserIsToldWhatItDoesNotKnow(t *testing.T) {
	h := newHub()
	h.setHead(head{Namespace: "shop"})
	h.setRows("shop", rowsOf("web", "a", "api", "x"))
	s := h.subscribe()
	step := func(what string, wakes bool, want told) {
		t.Helper()
		select {
		case <-s.wake:
			if !wakes {
				t.Errorf("%s: it wakes", what)
			}
		default:
			if wakes {
				t.Errorf("%s: it does not wake", what)
			}
		}
		if diff := cmp.Diff(want, short(t, h.take(s))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	step("everything at first", true, told{All: true, Head: true, Rows: []string{"api x", "web a"}})
	h.setRows("shop", rowsOf("web", "a", "api", "x"))
	h.setHead(head{Namespace: "shop"})
	step("the same again", false, told{})
	h.setRows("shop", rowsOf("web", "b", "api", "x"))
	step("one other leader", true, told{Rows: []string{"web b"}})
	h.setRows("shop", rowsOf("web", "c", "api", "x"))
	h.setRows("shop", rowsOf("web", "d", "api", "y", "new", "n"))
	h.setHead(head{Namespace: "shop", Notes: []string{"a note"}})
	step("several changes at once", true, told{Head: true, Rows: []string{"api y", "new n", "web d"}})
	h.setRows("shop", rowsOf("web", "d"))
	h.setRows("other", rowsOf("web", "z"))
	step("rows that are gone, and another namespace", true, told{Rows: []string{"web z"}, Gone: []string{"shop/api", "shop/new"}})
	h.setRows("shop", nil)
	step("the last one of a namespace", true, told{Gone: []string{"shop/web"}})
	if h.has("shop", "web") || !h.has("other", "web") || h.has("other", "api") {
		t.Error("the hub has other rows than it was given")
	}
	h.unsubscribe(s)
	h.setRows("other", nil)
	step("nothing when it has gone", false, told{})
}
