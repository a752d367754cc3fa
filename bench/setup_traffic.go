package bench

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// traffic starts a client for each contender and waits until requests of both kinds succeed.
func (s *setup) traffic(ctx context.Context, contenders []*contender) error {
	config := DefaultTrafficConfig()
	config.Rate = s.opts.trafficRate(len(contenders))
	for _, c := range contenders {
		service, err := s.clients.Act.CoreV1().Services(c.namespace).Get(ctx, c.service, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("failed to get leader Service: %w", err)
		}
		if config.URL, err = trafficURL(service, s.opts.TrafficPath); err != nil {
			return err
		}
		c.meter = &meter{}
		if err := s.trafficTo(ctx, c, config); err != nil {
			return err
		}
	}
	for _, c := range contenders {
		wait, cancel := context.WithTimeout(ctx, s.opts.ReadyTimeout)
		err := c.meter.awaitFlow(wait)
		cancel()
		if err != nil {
			return fmt.Errorf("failed to get an answer from leader Service %s/%s: %w", c.namespace, c.service, err)
		}
	}
	return nil
}

func (s *setup) trafficTo(ctx context.Context, c *contender, config TrafficConfig) error {
	if s.opts.TrafficFrom == TrafficFromHost {
		go func() {
			c.meter.fail(firstOf(SendTraffic(ctx, config, c.meter.add), errNoWindows))
		}()
		return nil
	}
	namespace, err := s.plainNamespace(ctx)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, s.opts.ReadyTimeout)
	defer cancel()
	pod := trafficPod("traffic-"+string(c.who), s.opts.Image, s.place, trafficArgs(config), config.MaxTime)
	if err := createTrafficPod(wait, s.clients.Act, namespace, pod); err != nil {
		return err
	}
	go readTrafficPod(ctx, s.clients.Observe, namespace, pod.Name, c.meter)
	return nil
}

// trafficRate is the rate of each of so many clients: those on this host share its address, and with it the limit.
func (o Options) trafficRate(clients int) int {
	if o.TrafficFrom == TrafficFromHost && clients > 1 {
		return max(o.TrafficRate/clients, 1)
	}
	return o.TrafficRate
}
