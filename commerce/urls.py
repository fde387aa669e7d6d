"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from commerce.views import order, payment, service

urlpatterns = [
    path("devices/<int:pk>/service/", service.device_service, name="device_service"),
    path("orders/", order.order_list, name="order_list"),
    path("orders/<slug:number>/", order.order_detail, name="order_detail"),
    path("orders/<slug:number>/status/", order.order_status, name="order_status"),
    path("orders/<slug:number>/cancel/", order.order_cancel, name="order_cancel"),
    path("orders/<slug:number>/pay/", payment.order_pay, name="order_pay"),
    path("orders/<slug:number>/receipt/", order.order_receipt, name="order_receipt"),
    path("payments/return/<slug:gateway>/", payment.payment_return, name="payment_return"),
    path("payments/return/<slug:gateway>/<uuid:payment_id>/", payment.payment_return, name="payment_return"),
]
