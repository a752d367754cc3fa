package fairqueue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQueueServesNamespacesInTurn(t *testing.T) {
	type item struct{ namespace, name string }
	cases := map[string]struct {
		pushed []item
		want   []string
	}{
		"nothing waits": {},
		"one namespace keeps its order": {
			pushed: []item{{"shop", "s1"}, {"shop", "s2"}, {"shop", "s3"}}, want: []string{"s1", "s2", "s3"},
		},
		"a neighbour with one item comes second": {
			pushed: []item{{"shop", "s1"}, {"shop", "s2"}, {"shop", "s3"}, {"bank", "b1"}}, want: []string{"s1", "b1", "s2", "s3"},
		},
		"three namespaces take turns": {
			pushed: []item{{"shop", "s1"}, {"shop", "s2"}, {"bank", "b1"}, {"bank", "b2"}, {"farm", "f1"}}, want: []string{"s1", "b1", "f1", "s2", "b2"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var q Queue[string]
			for _, i := range test.pushed {
				q.Push(i.namespace, i.name)
			}
			var got []string
			for !q.Empty() {
				item, _ := q.Pop()
				got = append(got, item)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected order (-want +got):\n%s", diff)
			}
			if _, ok := q.Pop(); ok || len(q.waiting) != 0 {
				t.Errorf("the empty queue still has %v", q.waiting)
			}
		})
	}
}

func TestANamespaceThatComesLaterIsServedNext(t *testing.T) {
	var q Queue[string]
	for range 3 {
		q.Push("shop", "s")
	}
	q.Pop()
	q.Push("bank", "b")
	var got []string
	for !q.Empty() {
		item, _ := q.Pop()
		got = append(got, item)
	}
	if diff := cmp.Diff([]string{"s", "b", "s"}, got); diff != "" {
		t.Errorf("unexpected order (-want +got):\n%s", diff)
	}
}

func TestUrgentItemsComeFirstInTheirNamespace(t *testing.T) {
	var q Queue[string]
	q.Push("shop", "s1")
	q.Push("shop", "s2")
	q.Push("bank", "b1")
	q.PushUrgent("bank", "urgent b")
	q.PushUrgent("shop", "urgent s1")
	q.PushUrgent("shop", "urgent s2")
	var got []string
	for !q.Empty() {
		item, _ := q.Pop()
		got = append(got, item)
	}
	if diff := cmp.Diff([]string{"urgent s1", "urgent b", "urgent s2", "b1", "s1", "s2"}, got); diff != "" {
		t.Errorf("unexpected order (-want +got):\n%s", diff)
	}
}
