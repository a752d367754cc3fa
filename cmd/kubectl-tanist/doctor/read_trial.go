package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// The writes to try. A Service must not have an unknown annotation of Tanist's domain, and the tuning no unknown key.
const (
	wrongAnnotation = `{"metadata":{"annotations":{"` + config.Domain + `/doctor":"tries a write that must be refused"}}}`
	wrongTuning     = `{"data":{"` + config.TuningKey + `":"doctor: tries a write that must be refused"}}`
)

// readTrial tries a write on a Service that has opted in and is not being deleted, or else on the tuning. The API server calls webhooks for a dry run too, because
// Tanist's have no side effects.
func (r *reader) readTrial(ctx context.Context, f *facts) error {
	options := metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: config.PluginFieldManager}
	// The webhook judges no Service that is being deleted.
	served := f.served()
	at := slices.IndexFunc(served, func(l leader) bool { return l.source.DeletionTimestamp == nil })
	if at >= 0 && f.namespaces.unread == "" {
		service := served[at].source
		err := r.try(f, "Service "+service.Namespace+"/"+service.Name, "services."+config.Domain, func() error {
			_, err := r.client.CoreV1().Services(service.Namespace).Patch(ctx, service.Name, types.MergePatchType, []byte(wrongAnnotation), options)
			return err
		})
		if err != nil || f.trial.unread == "" {
			return err
		}
	}
	if !f.tuning.found && f.tuning.unread == "" {
		return nil
	}
	return r.try(f, f.aboutTuning(), "tuning."+config.Domain, func() error {
		_, err := r.client.CoreV1().ConfigMaps(r.tanistNamespace).Patch(ctx, config.TuningConfigMap, types.MergePatchType, []byte(wrongTuning), options)
		return err
	})
}

// try makes one such write and reads the answer.
func (r *reader) try(f *facts, about, webhook string, write func() error) error {
	begin := time.Now()
	err := write()
	answer := trial{about: about, took: time.Since(begin)}
	switch {
	case err == nil:
	case strings.Contains(err.Error(), fmt.Sprintf("admission webhook %q denied the request", webhook)):
		answer.refused = true
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "cannot patch resource"): // the authorizer's words
		f.trial = reading[trial]{unread: "may not patch " + about}
		return nil
	case apierrors.IsNotFound(err):
		f.trial = reading[trial]{}
		return nil
	case apierrors.ReasonForError(err) != metav1.StatusReasonUnknown: // a policy, a quota, or another webhook, which may answer any code
		answer.other = err.Error()
	default:
		return fmt.Errorf("failed to try a write on %s: %w", about, err)
	}
	f.trial = reading[trial]{value: answer, found: true}
	return nil
}
