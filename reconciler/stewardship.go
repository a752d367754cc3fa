package reconciler

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/retry"
)

// stewardship keeps the leader Services, on the replica that holds the Lease. Nothing of a hand-over waits for it.
type stewardship struct {
	views    *views
	client   client.Writer
	leaders  *cache.Leaders
	options  *optionsInForce
	tuning   *config.Store
	recorder events.EventRecorder

	lineage    *lineage
	complaints *complaints
	calm       *calm
}

// outdatedDelay is how long stewardship waits for the informers when they turn out to lag behind.
const outdatedDelay = 200 * time.Millisecond

// Reconcile brings one Service's leader Service up to date, or away.
func (s *stewardship) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key := request.NamespacedName
	household, now := s.load(key), time.Now()
	chores := decideChores(household, now)
	chores.putOffReport(s.calm.wait(now))
	err := s.apply(ctx, chores)
	s.lineage.set(key, household.inherit())
	emit(s.recorder, s.complaints.news(key, chores.complaints))

	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return reconcile.Result{}, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return reconcile.Result{RequeueAfter: outdatedDelay}, nil
	default:
		return reconcile.Result{RequeueAfter: chores.lookAgain}, unlessStopping(ctx, err)
	}
}

// load gathers what there is, from memory.
func (s *stewardship) load(key types.NamespacedName) household {
	h := household{
		source:  s.views.service(key),
		optedIn: s.views.optedIn(key.Namespace), terminating: s.views.terminating(key.Namespace),
		ancestors: s.lineage.get(key),
		labelled:  s.views.labelledFor(key),
		slices:    s.views.slicesLabelledFor(key),
	}
	h.meet()
	if h.source == nil || !h.optedIn || h.source.Annotations[config.EnabledKey] == "" {
		s.options.forget(key)
		return h
	}
	h.options, h.wrong = s.options.resolve(h.source, h.labelled)
	h.named = s.views.service(types.NamespacedName{Namespace: key.Namespace, Name: h.options.LeaderService})
	record, _ := s.leaders.Peek(key)
	h.state = h.newest(record.State)
	h.successor = successorOf(record, h.state)
	return h
}

// successorOf is who follows the leader by the leader cache. While the cache names another leader than the slices do, it has not
// decided about this one.
func successorOf(record cache.Record, state cache.State) *string {
	if !record.Decided || record.Leader.UID != state.Leader.UID {
		return nil
	}
	name := ""
	if record.Successor != nil {
		name = record.Successor.Name
	}
	return &name
}

// apply does the chores. It is the only place of stewardship that writes.
func (s *stewardship) apply(ctx context.Context, chores chores) error {
	if chores.create != nil {
		if err := s.do(ctx, opCreateService, func(ctx context.Context) error {
			return s.client.Create(ctx, chores.create, fieldOwner)
		}); err != nil {
			return fmt.Errorf("failed to create Service %s: %w", chores.create.Name, err)
		}
	}
	if patch := chores.patch; patch != nil {
		// A patch and not an update: the informer keeps only a part of the object.
		difference := client.MergeFromWithOptions(patch.current, client.MergeFromWithOptimisticLock{})
		if err := s.do(ctx, opPatchService, func(ctx context.Context) error {
			return s.client.Patch(ctx, patch.desired.DeepCopy(), difference, fieldOwner)
		}); err != nil {
			return fmt.Errorf("failed to patch Service %s: %w", patch.desired.Name, err)
		}
	}
	for _, service := range chores.deleteServices {
		if err := s.delete(ctx, opDeleteService, service); err != nil {
			return fmt.Errorf("failed to delete Service %s: %w", service.Name, err)
		}
	}
	for _, slice := range chores.deleteSlices {
		if err := s.delete(ctx, opDeleteSlice, slice); err != nil {
			return fmt.Errorf("failed to delete EndpointSlice %s: %w", slice.Name, err)
		}
	}
	return nil
}

// delete deletes exactly the version that was found to be ours.
func (s *stewardship) delete(ctx context.Context, op string, object client.Object) error {
	uid, version := object.GetUID(), object.GetResourceVersion()
	return s.do(ctx, op, func(ctx context.Context) error {
		return client.IgnoreNotFound(s.client.Delete(ctx, object,
			client.Preconditions{UID: &uid, ResourceVersion: &version},
			client.PropagationPolicy(metav1.DeletePropagationBackground)))
	})
}

func (s *stewardship) do(ctx context.Context, op string, call func(context.Context) error) error {
	return retry.Do(ctx, policy(policyStandard, s.tuning.Load().Retry.Standard), op, call)
}
