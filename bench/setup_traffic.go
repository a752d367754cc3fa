package bench

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/traffic"
)

// startTraffic starts a client for each contender and waits until requests of both kinds succeed.
func (s *setup) startTraffic(ctx context.Context, contenders []*contender) error {
	config := traffic.DefaultConfig()
	config.Rate = s.opts.trafficRate(len(contenders))
	for _, c := range contenders {
		service, err := s.clients.Act.CoreV1().Services(c.namespace).Get(ctx, c.service, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("failed to get leader Service: %w", err)
		}
		if config.URL, err = traffic.URL(service, s.opts.TrafficPath); err != nil {
			return err
		}
		c.meter = traffic.NewMeter()
		if err := s.trafficTo(ctx, c, config); err != nil {
			return err
		}
	}
	for _, c := range contenders {
		wait, cancel := context.WithTimeout(ctx, s.opts.ReadyTimeout)
		err := c.meter.AwaitFlow(wait)
		cancel()
		if err != nil {
			return fmt.Errorf("failed to get answers from leader Service %s/%s: %w", c.namespace, c.service, err)
		}
	}
	return nil
}

func (s *setup) trafficTo(ctx context.Context, c *contender, config traffic.Config) error {
	if s.opts.TrafficFrom == TrafficFromHost {
		go c.meter.Send(ctx, config)
		return nil
	}
	namespace, err := s.notOptedInNamespace(ctx)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, s.opts.ReadyTimeout)
	defer cancel()
	pod := testbed.TrafficPod("traffic-"+string(c.who), s.opts.Image, s.place, config)
	if err := testbed.CreatePod(wait, s.clients.Act, namespace, pod); err != nil {
		return err
	}
	go c.meter.ReadPod(ctx, s.clients.Observe, namespace, pod.Name)
	return nil
}

// trafficRate returns the rate of each of this many clients. Clients on this host share its address and therefore the limit.
func (o Options) trafficRate(clients int) int {
	if o.TrafficFrom == TrafficFromHost && clients > 1 {
		return max(o.TrafficRate/clients, 1)
	}
	return o.TrafficRate
}
