package bench

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/tanist-dev/tanist/bench/testbed"
)

// leaderServicePoll is how often bench checks whether Tanist has created a leader Service.
const leaderServicePoll = 100 * time.Millisecond

// createLed creates a workload that Tanist leads: first its Service, and the pods once Tanist has created the leader Service. Only pods of
// a Service that Tanist knows get a drain window.
func (s *setup) createLed(ctx context.Context, namespace string, w testbed.Workload, limit time.Duration) error {
	service := w.Service()
	if err := createService(ctx, s.clients.Act, namespace, service); err != nil {
		return err
	}
	services, leader := s.clients.Act.CoreV1().Services(namespace), leaderServiceName(service)
	err := wait.PollUntilContextTimeout(ctx, leaderServicePoll, limit, true, func(ctx context.Context) (bool, error) {
		_, err := services.Get(ctx, leader, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case wait.Interrupted(err):
		return fmt.Errorf("failed to find leader Service %s within %s; is Tanist running?", leader, limit)
	case err != nil:
		return fmt.Errorf("failed to get leader Service: %w", err)
	}
	return createWorkload(ctx, s.clients.Act, namespace, w)
}
