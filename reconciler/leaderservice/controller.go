package leaderservice

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// Controller keeps the leader Services, on the replica that holds the Lease. Nothing of a hand-over waits for it.
type Controller struct {
	stores   *store.Stores
	live     client.Reader // reads from the API server
	client   client.Writer
	leaders  *cache.Leaders
	tuning   *config.Store
	recorder events.EventRecorder
	foreign  *foreignSlices

	installations *installations
	// repairs space out what someone undoes, removals what Kubernetes' controllers make again, refusals what the API server refuses.
	repairs, removals, refusals *notify.Backoff
	warnings                    *notify.Deduplicator
	quiet                       *notify.QuietPeriod
	standing                    *store.Enqueuer
}

// Operations on the API server, as the retry metrics name them.
const (
	opReadLive        = "read-live"
	opCreateService   = "create-service"
	opPatchService    = "patch-service"
	opDeleteService   = "delete-service"
	opDeleteSlice     = "delete-slice"
	opDeleteEndpoints = "delete-endpoints"
)

// outdatedDelay is how long stewardship waits for the informers when they turn out to lag behind.
const outdatedDelay = 200 * time.Millisecond

// Reconcile brings one Service's leader Service up to date, or away.
func (s *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key, now := request.NamespacedName, time.Now()
	in, err := s.load(ctx, key, now)
	if err != nil {
		return reconcile.Result{}, retry.UnlessStopping(ctx, err)
	}
	plan := decide(in, now)
	plan.deferReport(s.quiet.Remaining(now))
	s.spaceOut(key, &plan, in, now)
	err = s.apply(ctx, plan)
	result, err := s.result(key, &plan, in, err, now)
	s.foreign.set(key, plan.foreign)
	notify.Emit(s.recorder, s.warnings.Unsent(key, plan.warnings))
	return result, retry.UnlessStopping(ctx, err)
}

// removalOf is what removals space out.
const removalOf = "Endpoints"

// spaceOut puts off what is undone again and again.
func (s *Controller) spaceOut(key types.NamespacedName, c *plan, h input, now time.Time) {
	c.deferRemovals(s.removals.Attempts(key, removalOf, now).Wait(now))
	if c.deleteEndpoints != nil {
		s.removals.Record(key, removalOf, now)
	}
	if c.patch == nil {
		return
	}
	patch := c.patch
	what := strings.Join(patch.changes(), "\n")
	c.deferRepair(s.repairs.Attempts(key, what, now).Wait(now))
	if c.patch == nil {
		return
	}
	// Told once, however long it goes on: between two repairs all is well, so that the warnings forget it.
	if tried := s.repairs.Record(key, what, now); tried.Times == notify.FreeAttempts {
		c.warnings = append(c.warnings, contested(patch, h))
	}
}

// result says when to look again after what the API server answered, and tells of what it refuses.
func (s *Controller) result(key types.NamespacedName, c *plan, h input, err error, now time.Time) (reconcile.Result, error) {
	switch {
	case err == nil:
		s.refusals.Forget(key)
		if h.existing == nil {
			s.repairs.Forget(key)
			s.removals.Forget(key)
		}
		return reconcile.Result{RequeueAfter: c.requeueAfter}, nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return reconcile.Result{}, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return reconcile.Result{RequeueAfter: outdatedDelay}, nil
	case notify.Refused(err):
		tried := s.refusals.Record(key, err.Error(), now)
		c.warnings = append(c.warnings, notify.Refusal(h.source, notify.ActionMirror, err, tried))
		return reconcile.Result{RequeueAfter: tried.Pause()}, nil // also when informers were to be waited for, or a grace ends sooner
	default:
		return reconcile.Result{}, err
	}
}

// load gathers what there is, from memory. Only what an adoption, a removal or another installation hangs on is read live.
func (s *Controller) load(ctx context.Context, key types.NamespacedName, now time.Time) (input, error) {
	h := input{
		source:  s.stores.Service(key),
		optedIn: s.stores.OptedIn(key.Namespace), terminating: s.stores.Terminating(key.Namespace),
		grace: s.tuning.Load().Election.OptOutGrace.Duration, installation: s.stores.Installation,
	}
	if h.source == nil || h.terminating {
		return h, nil
	}
	h.existing, h.options, h.wrong = s.stores.LeaderServiceOf(h.source)
	h.services = s.stores.OwnedLeaderServices(h.source)
	if h.existing != nil && !h.served(h.existing) {
		h.otherGone = s.otherGone(ctx, h.existing.Annotations[config.InstallationKey], now)
	}
	if h.optedIn && h.wanted() {
		if err := s.loadNamed(ctx, &h); err != nil {
			return h, err
		}
	}
	h.slices = s.stores.SlicesOf(key, h.services)
	record, _ := s.leaders.Peek(key)
	h.state = h.newest(record.State)
	h.successor = successorOf(record, h.state)
	return h, s.loadLeftovers(ctx, &h)
}

// loadNamed finds who has the leader Service's name.
func (s *Controller) loadNamed(ctx context.Context, h *input) (err error) {
	h.named = s.stores.Service(types.NamespacedName{Namespace: h.source.Namespace, Name: h.options.LeaderService})
	if h.named == nil || h.owns(h.named) {
		return nil
	}
	h.rival = s.stores.Rival(h.named, h.source)
	h.ownerGone, err = s.ownerGone(ctx, h.named)
	return err
}

// loadLeftovers reads live what the removal of slices of Kubernetes' controllers hangs on, when there are any.
func (s *Controller) loadLeftovers(ctx context.Context, h *input) error {
	leaderService := h.target()
	if leaderService == nil || !h.hasLeftovers(leaderService) {
		return nil
	}
	live, endpoints := &corev1.Service{}, endpointsMetadata()
	if err := s.read(ctx, client.ObjectKeyFromObject(leaderService), live); err != nil {
		return err
	}
	if err := s.read(ctx, client.ObjectKeyFromObject(leaderService), endpoints); err != nil {
		return err
	}
	h.bare = bareLeaderService(live, leaderService, h.source)
	if endpoints.UID != "" {
		h.endpoints = endpoints
	}
	return nil
}

// endpointsMetadata is all that is read of an Endpoints object: whose it is.
func endpointsMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Endpoints"))
	return meta
}

// read reads an object live, and leaves it empty when there is none.
func (s *Controller) read(ctx context.Context, key types.NamespacedName, into client.Object) error {
	err := s.do(ctx, opReadLive, func(ctx context.Context) error {
		return client.IgnoreNotFound(s.live.Get(ctx, key, into))
	})
	if err != nil {
		return fmt.Errorf("failed to read %T %s: %w", into, key, err)
	}
	return nil
}

// successorOf is who follows the leader by the leader cache. While the cache names another leader than the slices do, it has not
// decided about this one.
func successorOf(record cache.Record, state leaderslice.State) *string {
	if !record.Decided || record.Leader.UID != state.Leader.UID {
		return nil
	}
	name := ""
	if record.Successor != nil {
		name = record.Successor.Name
	}
	return &name
}

// apply does the plan. It is the only place of stewardship that writes. What fails is not in the way of what has nothing to do with it.
func (s *Controller) apply(ctx context.Context, plan plan) error {
	return errors.Join(s.create(ctx, plan.create), s.patch(ctx, plan.patch), s.remove(ctx, plan))
}

func (s *Controller) create(ctx context.Context, service *corev1.Service) error {
	if service == nil {
		return nil
	}
	if err := s.do(ctx, opCreateService, func(ctx context.Context) error {
		return s.client.Create(ctx, service, leaderslice.FieldOwner)
	}); err != nil {
		return fmt.Errorf("failed to create Service %s: %w", service.Name, err)
	}
	return nil
}

// patch is a patch and not an update: the informer keeps only a part of the object.
func (s *Controller) patch(ctx context.Context, patch *replacement) error {
	if patch == nil {
		return nil
	}
	difference := client.MergeFromWithOptions(patch.current, client.MergeFromWithOptimisticLock{})
	if err := s.do(ctx, opPatchService, func(ctx context.Context) error {
		return s.client.Patch(ctx, patch.desired.DeepCopy(), difference, leaderslice.FieldOwner)
	}); err != nil {
		return fmt.Errorf("failed to patch Service %s: %w", patch.desired.Name, err)
	}
	return nil
}

func (s *Controller) remove(ctx context.Context, plan plan) error {
	if endpoints := plan.deleteEndpoints; endpoints != nil {
		if err := s.delete(ctx, opDeleteEndpoints, endpoints); err != nil {
			return fmt.Errorf("failed to delete Endpoints %s: %w", endpoints.Name, err)
		}
	}
	for _, service := range plan.deleteServices {
		if err := s.delete(ctx, opDeleteService, service); err != nil {
			return fmt.Errorf("failed to delete Service %s: %w", service.Name, err)
		}
	}
	for _, slice := range plan.deleteSlices {
		if err := s.delete(ctx, opDeleteSlice, slice); err != nil {
			return fmt.Errorf("failed to delete EndpointSlice %s: %w", slice.Name, err)
		}
	}
	return nil
}

// delete deletes exactly the version that was found to be ours.
func (s *Controller) delete(ctx context.Context, op string, object client.Object) error {
	uid, version := object.GetUID(), object.GetResourceVersion()
	return s.do(ctx, op, func(ctx context.Context) error {
		return client.IgnoreNotFound(s.client.Delete(ctx, object,
			client.Preconditions{UID: &uid, ResourceVersion: &version},
			client.PropagationPolicy(metav1.DeletePropagationBackground)))
	})
}

func (s *Controller) do(ctx context.Context, op string, call func(context.Context) error) error {
	return retry.Do(ctx, store.StandardPolicy(s.tuning.Load()), op, call)
}
