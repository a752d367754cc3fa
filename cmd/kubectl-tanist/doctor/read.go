package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// reader reads the facts of one cluster.
type reader struct {
	client          kubernetes.Interface
	tanistNamespace string
	// namespace is the one whose Services are checked; empty for all.
	namespace string
	version   string
}

// read reads everything once. It fails if the API server does not answer; what the user may not read is a part of the facts.
func (r *reader) read(ctx context.Context) (*facts, error) {
	f := &facts{version: r.version, tanistNamespace: r.tanistNamespace, checked: r.namespace}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, read := range []func(context.Context, *facts) error{r.readInstallation, r.readAdmission, r.readObjects, r.readWorkloads, r.readNodes} {
		group.Go(func() error { return read(groupCtx, f) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := r.readFollowed(ctx, f); err != nil {
		return nil, err
	}
	f.now = time.Now()
	f.leaders = leadersOf(f)
	if err := errors.Join(r.readMetrics(ctx, f), r.readTrial(ctx, f), r.readRights(ctx, f)); err != nil {
		return nil, err
	}
	return f, nil
}

// answered turns the answer to a request into a reading. what is named as in "may not read Secrets".
func answered[T any](into *reading[T], what string, value T, err error) error {
	switch {
	case err == nil:
		*into = reading[T]{value: value, found: true}
	case apierrors.IsNotFound(err):
		*into = reading[T]{}
	case apierrors.IsForbidden(err):
		*into = reading[T]{unread: "may not read " + what}
	default:
		return fmt.Errorf("failed to read %s: %w", what, err)
	}
	return nil
}

// listed returns the items of a list that was read, or none.
func listed[L, T any](list *L, err error, items func(*L) []T) []*T {
	if err != nil {
		return nil
	}
	return status.Pointers(items(list))
}

var (
	get  = metav1.GetOptions{}
	list = metav1.ListOptions{}
)
