package dashboard

import (
	"context"
	"time"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard/page"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/history"
)

// detailsTimeout is how long the API server may take to answer all that an explanation needs.
const detailsTimeout = 20 * time.Second

// details is what there is to say of one Service.
type details struct {
	Explanation *explain.Explanation `json:"explanation"`
	// Roles says in words where each pod of the explanation stands, and Next which change of leader is due.
	Roles   []string         `json:"roles"`
	Next    string           `json:"next,omitempty"`
	History *history.History `json:"history"`
	// Kinds are those of the moves of the history.
	Kinds []page.MoveKind `json:"kinds"`
}

// details reads what explain and history say of a Service. What explain needs is not watched, because a cluster has a lot of it: the page asks
// for it once, and whenever the Service's row has changed.
func (f *feed) details(ctx context.Context, namespace, service string, now time.Time) (*details, error) {
	ctx, cancel := context.WithTimeout(ctx, detailsTimeout)
	defer cancel()
	all, err := explain.Reader{Client: f.client, Namespace: namespace, TanistNamespace: f.tanist.Namespace}.Read(ctx, service)
	if err != nil {
		return nil, err
	}
	in := all[0] // one for each name
	x, err := explain.Of(in, now)
	if err != nil {
		return nil, err
	}
	return describe(x, history.Of(in.Service, in.Services, in.Slices), now), nil
}

func describe(x *explain.Explanation, h *history.History, now time.Time) *details {
	d := &details{Explanation: x, Roles: []string{}, History: h, Kinds: []page.MoveKind{}}
	for i := range x.Pods {
		d.Roles = append(d.Roles, explain.RoleText(&x.Pods[i]))
	}
	if x.Move != nil {
		d.Next = explain.MoveText(x.Move, now)
	}
	for _, move := range h.Moves {
		d.Kinds = append(d.Kinds, page.KindOf(move))
	}
	return d
}
