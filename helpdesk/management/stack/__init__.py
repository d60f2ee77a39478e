"""What `manage.py up` is made of: steps before the start, the parts that run, and the supervisor that watches them."""
