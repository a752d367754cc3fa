package leaderservice

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// TryType asks the API server whether a leader Service may have the type that its source asks for, with a dry run of the write that would follow: a
// quota or a policy may refuse it. It returns the refusal, and nil if there is none or the API server cannot say.
func (c *Controller) TryType(ctx context.Context, source *corev1.Service, options config.Options) error {
	in := input{source: source, options: options, installation: c.stores.Installation}
	name := types.NamespacedName{Namespace: source.Namespace, Name: options.LeaderService}
	var err error
	switch current := c.stores.Service(name); {
	case current == nil:
		err = c.client.Create(ctx, in.desired(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}, ""),
			leaderslice.FieldOwner, client.DryRunAll)
	case in.owns(current) && !mustReplace(current, source, options):
		err = c.client.Patch(ctx, in.desired(current, ""), client.MergeFrom(current), leaderslice.FieldOwner, client.DryRunAll)
	}
	if !notify.Refused(err) {
		return nil
	}
	return err
}
