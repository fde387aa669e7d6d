"""What every app may lean on and what leans on none of them: money, Jalali dates, Persian text, identity numbers,
refusals, the vault for fields kept secret, and the throttle.

No models live here and nothing here knows a buyer, an order or a page.
"""
