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

// createManagedWorkload creates a workload whose leader Tanist elects: first its Service, and the Deployment once Tanist has created the
// leader Service. Only pods that are created later get a preStop sleep (their drain window) from admission. An error other
// than NotFound ends the wait.
func (s *setup) createManagedWorkload(ctx context.Context, namespace string, w testbed.Workload, timeout time.Duration) error {
	service := w.Service()
	if err := createService(ctx, s.clients.Act, namespace, service); err != nil {
		return err
	}
	services, leaderService := s.clients.Act.CoreV1().Services(namespace), leaderServiceName(service)
	err := wait.PollUntilContextTimeout(ctx, leaderServicePoll, timeout, true, func(ctx context.Context) (bool, error) {
		_, err := services.Get(ctx, leaderService, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case wait.Interrupted(err):
		return fmt.Errorf("failed to get leader Service %s: Tanist did not create it within %s", leaderService, timeout)
	case err != nil:
		return fmt.Errorf("failed to get leader Service: %w", err)
	}
	return createDeployment(ctx, s.clients.Act, namespace, w)
}
